/**
 * A log line that is JSON, or ends in JSON, as `field: value` of those fields that say something about the failure; the others are left
 * out, and `[hidden]` says so. Any other text comes back as it is.
 */
export function withoutUnknownFields(text: string): string {
  const start = text.indexOf('{');
  if (start === -1) return text;
  const value = parsed(text.slice(start));
  if (value === null) return text;
  const fields = harmlessFields(value);
  const shown = fields.isComplete ? fields.shown : [...fields.shown, '[hidden]'];
  return `${text.slice(0, start)}${shown.join(', ')}`;
}

function parsed(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

type Fields = { readonly shown: readonly string[]; readonly isComplete: boolean };

function harmlessFields(value: object): Fields {
  const fields = Object.entries(value).map(([key, field]: [string, unknown]): Fields => {
    if (!HARMLESS.has(key.toLowerCase())) return { shown: [], isComplete: false };
    if (typeof field === 'object' && field !== null) return harmlessFields(field);
    return { shown: [`${key}: ${String(field)}`], isComplete: true };
  });
  return { shown: fields.flatMap(({ shown }) => shown), isComplete: fields.every(({ isComplete }) => isComplete) };
}

const HARMLESS: ReadonlySet<string> = new Set(
  `level severity msg message error err code status statuscode method path url route duration durationms ms component service action
  resource type kind event time timestamp ts pid port table column constraint schema routine sqlstate errno syscall attempt retries version
  commit release env environment logger module`.split(/\s+/),
);
