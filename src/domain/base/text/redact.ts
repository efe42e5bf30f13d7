import { foreignLine } from './sanitize.ts';

/**
 * A line of foreign text without identities (HIPAA's minimum necessary): e-mail and IP addresses, UUIDs, cuids, tokens, anything that
 * looks like a record number, values of fields that name people, and names of two or more capitalised words become placeholders. What is
 * not recognised as harmless in JSON is left out. Bounded in length; linear in the text's length.
 */
export function redact(text: string, limit = 300): string {
  const line = foreignLine(text, 4_000);
  const json = jsonPart(line);
  const plain = json === null ? line : `${json.before}${harmlessFields(json.value)}`;
  return foreignLine(
    PATTERNS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), plain),
    limit,
  );
}

const NAME_FIELDS = `(?:(?:first|last|full|middle|given|family|patient|user|maiden|display)[_ ]?name|name|patient|user|email|actor|birth[_ ]?date|dob|date[_ ]of[_ ]birth|mrn|ssn|phone|address|street|city|zip|token|session(?:[_ ]?id)?|cookie|authorization|password|secret)`;

/** In this order: what holds a whole (an address, a token) goes before its parts. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,5}/g, '[email]'],
  [/\b(?:Bearer|Basic)\s+[\w.~+/=-]+/gi, '[token]'],
  [/\beyJ[\w-]+\.[\w-]+\.?[\w-]*/g, '[token]'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '[id]'],
  [new RegExp(String.raw`("?\b${NAME_FIELDS}"?\s*[=:]\s*)(?:"[^"]*"?|'[^']*'?|\[[^\]]*\]?|[^\s,;&)}\]]+)`, 'gi'), '$1[hidden]'],
  [/\b(?:\d{1,3}\.){3}\d{1,3}\b/g, '[ip]'],
  [/(?<![\w:])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,7}(?![\w:])|(?<![\w:])(?:[0-9a-f]{0,4}:){0,6}:[0-9a-f]{1,4}\b/gi, '[ip]'],
  [/\?[^\s"']*=[^\s"']*/g, '?[query]'],
  [/(\/)(?=[\w.~%-]*\d)[\w.~%-]+/g, '$1[id]'],
  [/\b(?:user|patient|resource|record|account|member|client)[-_:#/ ]?(?=[\w-]*\d)[\w-]+/gi, '[id]'],
  [/\b(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{16,}\b/g, '[id]'],
  [/"[^"]{0,400}"|'[^']{0,400}'/g, '[text]'],
  [/(?<![\w.:-])\+?\d[\d -]{5,}\d(?![\w:])/g, '[number]'],
  [/\b(?!P\d{4}\b)[A-Z]{1,6}[-#]?\d{4,}\b/g, '[number]'],
  [/\b\d{5,}\b/g, '[number]'],
  [/\b(?:Dr|Mr|Mrs|Ms|Prof|Nurse|Patient|User)\.?\s+\p{Lu}[\p{L}'-]+(?:\s+\p{Lu}[\p{L}'-]+){0,3}/gu, '[name]'],
  [
    /(?<![\p{L}.])(?!(?:Prisma|Unique|Failed|Database|Transaction|Foreign|Connection|Invalid|Timed|Error|Unhandled|Promise|Internal|Bad|Not|No|Too|Can)\b)\p{Lu}\p{Ll}+(?:[ -]\p{Lu}[\p{L}'-]+){1,3}/gu,
    '[name]',
  ],
];

/** Fields of a JSON log line whose values say something about the failure and nothing about a person. */
const HARMLESS: ReadonlySet<string> = new Set([
  'level',
  'severity',
  'msg',
  'message',
  'error',
  'err',
  'code',
  'status',
  'statuscode',
  'method',
  'path',
  'url',
  'route',
  'duration',
  'durationms',
  'ms',
  'component',
  'service',
  'action',
  'resource',
  'type',
  'kind',
  'event',
]);

function jsonPart(line: string): { readonly before: string; readonly value: object } | null {
  const start = line.indexOf('{');
  if (start === -1) return null;
  try {
    const value: unknown = JSON.parse(line.slice(start));
    return typeof value === 'object' && value !== null ? { before: line.slice(0, start), value } : null;
  } catch {
    return null;
  }
}

function harmlessFields(value: object): string {
  return Object.entries(value)
    .flatMap(([key, field]) => {
      if (!HARMLESS.has(key.toLowerCase())) return [];
      if (typeof field === 'object' && field !== null) return [harmlessFields(field)];
      return [`${key}: ${String(field)}`];
    })
    .filter((part) => part !== '')
    .join(', ');
}
