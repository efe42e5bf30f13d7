import { stringify } from 'yaml';
import { type Form, policyForm } from './policy-form.ts';
import { wrapped } from './wrapped.ts';

/** Returns the text of `docs/policy.md`, from the policy's schema. */
export function policyPage(): string {
  const { properties = {} } = policyForm();
  const keys = Object.entries(properties);
  const plain = keys.filter(([, form]) => !hasPlaces(form));
  const sections = keys.filter(([, form]) => hasPlaces(form));
  return `# Policy: \`runbook.yaml\`

<!-- Made by \`npm run generate\` from src/domain/base/policy; a change here is overwritten. -->

How Gapwatch behaves is the team's decision and stands in \`runbook.yaml\` (or where \`RUNBOOK_FILE\` points,
[settings.md](settings.md)). Every key is optional; what is left out has the value shown here, the runbook's own.
Durations are written with their unit: \`30s\`, \`5m\`, \`24h\`, \`90d\`. Mistakes stop the start with one message that
names them all, each with what is expected at its place. \`[]\` below stands for an item of a list, \`<name>\` for a key
that the team chooses.

## Keys with one value

${table(plain.map(([key, form]) => ({ key, form, standard: standardOf(form) })))}
${sections.map(section).join('\n')}`;
}

type Line = { readonly key: string; readonly form: Form; readonly standard: string };

function section([key, form]: readonly [string, Form]): string {
  const standard = isGiven(form.default)
    ? `\nWhen it is left out:\n\n\`\`\`yaml\n${stringify({ [key]: form.default }, { lineWidth: 110 })}\`\`\`\n`
    : '';
  return `## \`${key}\`

${wrapped(`${form.description ?? ''}.`).join('\n')}

${table(linesOf(key, form))}${standard}`;
}

/** A row for every key under a place; `[]` stands for each item of a list, `<name>` for a key that the team chooses. */
function linesOf(place: string, form: Form, isNeeded = false): readonly Line[] {
  const own = Object.entries(form.properties ?? {}).flatMap(([key, inner]) =>
    linesOf(`${place}.${key}`, inner, form.required?.includes(key) ?? false),
  );
  const names = form.propertyNames?.enum ?? ['<name>'];
  const named = nested(form.additionalProperties).flatMap((inner) => names.flatMap((name) => linesOf(`${place}.${name}`, inner)));
  const items = hasPlaces(form) ? nested(form.items).flatMap((inner) => linesOf(`${place}[]`, inner)) : [];
  const below = [...own, ...named, ...items];
  return below.length > 0 ? below : [{ key: place, form, standard: isNeeded ? 'needed' : standardOf(form) }];
}

function nested(inner: Form | boolean | undefined): readonly Form[] {
  return typeof inner === 'object' ? [inner] : [];
}

/** Whether there are keys below, at any depth. */
function hasPlaces(form: Form): boolean {
  return form.properties !== undefined || nested(form.additionalProperties).length > 0 || nested(form.items).some(hasPlaces);
}

function isGiven(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function standardOf({ default: standard }: Form): string {
  return standard === undefined ? '' : `\`${typeof standard === 'string' ? standard : JSON.stringify(standard)}\``;
}

function table(lines: readonly Line[]): string {
  const rows = lines.map(({ key, form, standard }) =>
    [`\`${key}\``, form.description ?? '', valuesOf(form), standard].map((cell) => cell.replaceAll('|', '\\|')).join(' | '),
  );
  return `| key | meaning | values | default |\n| --- | --- | --- | --- |\n${rows.map((row) => `| ${row} |`).join('\n')}\n`;
}

function valuesOf(form: Form): string {
  if (form.expected !== undefined) return form.expected;
  if (form.enum !== undefined) return form.enum.map((value) => `\`${value}\``).join(', ');
  const [item] = nested(form.items);
  if (item !== undefined) return `a list; each ${valuesOf(item)}`;
  return form.type === 'string' ? 'a text' : 'keys and values';
}
