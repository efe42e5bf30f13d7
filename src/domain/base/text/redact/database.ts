import { byPattern, type Rule } from './rule.ts';

/** Until the line ends or PostgreSQL's next field begins. */
const REST = String.raw`(?!\s{0,2}["'\ue000-\ue0ff])(?<hide>(?:(?!\s(?:HINT|CONTEXT|STATEMENT|LOCATION|QUERY|ERROR|LOG|WARNING|FATAL|DETAIL):\s)[^\n]){1,4000})`;

/** PostgreSQL's own words about rows (its source, src/backend), and how others print the values of a statement: never shown. */
export const DATABASE_RULES: readonly Rule[] = [
  byPattern(
    'detail of an error, quoted',
    '[row]',
    /\b(?:DETAIL|Detail|detail)["']?\s?[:=]\s{0,2}(?<hide>"(?:[^"\\\n]|\\.){0,4000}"?|'(?:[^'\\\n]|\\.){0,4000}'?)/,
  ),
  byPattern('detail of an error', '[row]', new RegExp(String.raw`\b(?:DETAIL|Detail|detail)["']?\s?[:=]\s{0,2}${REST}`)),
  byPattern(
    'context with a value',
    '[row]',
    new RegExp(String.raw`\bCONTEXT:\s{1,2}(?=COPY|JSON|unnamed|portal|extended|parameter|PL\/pgSQL[^\n]{0,200}=)${REST}`),
  ),
  byPattern(
    'parameters',
    '[row]',
    /\b(?:[Pp]arameters|[Pp]arams|PARAMS|[Bb]indings|binds)["']?(?:\s?[:=]\s{0,2}|\s(?=[[{]))(?<hide>[^\n]{1,4000})/,
  ),
  byPattern(
    'key of a row',
    '[row]',
    /\bKey (?<hide>\((?=[^\n]{0,300}?\)\s?=\s?\()(?:(?!\)(?: already exists| is not present| is still referenced| conflicts| is duplicated))[^\n]){0,4000}\)?)/i,
  ),
  byPattern('duplicate entry', '[row]', /\bDuplicate entry (?<hide>'[^\n]{0,1000}?'(?= for key)|'[^\n]{0,1000})/i),
  byPattern(
    'failing row',
    '[row]',
    /\b(?:Failing row contains|Row contains|failing row|Process \d+ waits)\s{1,2}(?<hide>\([^\n]{0,4000}?\)(?=[.;"'\n]|\s(?:HINT|CONTEXT|STATEMENT|at)\b|$)|\([^\n]{0,4000})/i,
  ),
  byPattern('values of an insert', '[row]', /\bVALUES\s{0,3}(?<hide>\([^\n]{0,4000}?\)(?=[\s;,"'`]|$)|\([^\n]{0,4000})/i),
  byPattern(
    'value that PostgreSQL quotes',
    '[text]',
    /\b(?:invalid input (?:syntax|value) for (?:type|enum) [^\n]{1,80}?|out of range(?: for type \w{1,30})?|invalid value for [^\n:]{1,60}|malformed (?:array|record|range) literal|cannot parse|could not parse|Token|column \w{1,60}):?\s?:\s{0,2}(?<hide>"[^\n]{0,2000}"|"[^\n]{1,2000}|'[^\n]{0,2000}')/i,
  ),
  byPattern('value out of range', '[text]', /\bvalue (?<hide>"[^"\n]{0,400}") is out of range/),
  byPattern('parameter', '[hidden]', /\$\d{1,3}\s?=\s?(?<hide>'(?:[^'\n]|''){0,1000}'?|[^\s,]{1,200})/),
  byPattern('bound values', '[row]', /(?<=\s)\[\["[\w.]{1,60}",[^\n]{0,1000}?\]\](?=\s|$)/),
  byPattern(
    'literal of SQL',
    '[text]',
    /(?:[=<>(,]|\b(?:like|ilike|in|similar to|between|and|values|then|else|is)\b)\s{0,2}(?<hide>E?'(?:[^'\n]|''){0,400}')/i,
    isNoTechnicalWord,
  ),
];

/** Sampling rates, schemas and such: `interval '5 minutes'` says nothing of a person. */
function isNoTechnicalWord(literal: string): boolean {
  return !/^E?'(?:\d{1,4} ?(?:ms|s|sec|seconds?|min|minutes?|hours?|days?)|[A-Z_]{2,20}|idle in transaction|public|active|idle|on|off|true|false|\d{1,4}|\d{4}-\d\d-\d\d[\dT:.Z+ -]{0,22}|UTC|)'$/i.test(
    literal,
  );
}
