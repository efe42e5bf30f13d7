import { byPattern, type Rule, type Span } from './rule.ts';

/** `key=value`, `key: value`, `"key":"value"`, `:key=>"value"` and `<key>value</key>`, where the key names a person or a secret. */
export const FIELD_RULES: readonly Rule[] = [
  { name: 'field of a person', placeholder: '[hidden]', find: findFields },
  byPattern(
    'element of a person',
    '[hidden]',
    /<(?<key>[\w:.-]{1,40})(?:\s[^<>\n]{0,100})?>(?<hide>[^<>\n]{1,200})(?=<)/,
    (_hidden, match) => isIdentityKey(wordsOf(match.groups?.key ?? '')),
  ),
  byPattern(
    'attribute of a person',
    '[hidden]',
    /<(?<key>[\w:.-]{1,40})\s+value=(?<hide>"[^"<>\n]{0,200}"|'[^'<>\n]{0,200}')/i,
    (_hidden, match) => isIdentityKey(wordsOf(match.groups?.key ?? '')),
  ),
];

const KEY =
  /(?<![\p{L}\p{N}_])(?:(?<before>[A-Za-z]{2,20}) )?(?<key>[A-Za-z_][\w.-]{0,60}(?:\[[A-Za-z_]\w{0,30}\]){0,3})(?:\[\d{1,4}\])?\\?["'`]?\s{0,2}(?:=>|:=|==|=|:(?!:|\/\/))\s{0,2}/gu;
/** A value in quotes, in brackets, or up to the next blank or sign; the names that follow it when they are capitalised. */
const VALUE = /^(?:\\?"(?:[^"\\\n]|\\[^"\n])*\\?"?|'[^'\n]*'?|`[^`\n]*`?|\[[^\]\n]*\]?|\([^)\n]*\)?|\{[^}\n]*\}?|[^\s,;&)}\]|<>"']+)/;
const MORE_NAMES =
  /^(?:,?[ ](?:(?:van|von|de|der|den|la|di|del|bin|ibn|al|el) ){0,2}(?:\p{Lu}[\p{L}\p{M}'.-]{0,30}|[\u0590-\u1fff\u3040-\ud7a3][\p{L}\p{M}]{0,30})(?![\p{L}\p{N}=:_(])){1,4}/u;

function* findFields(text: string): Generator<Span> {
  let done = 0;
  for (const match of text.matchAll(KEY)) {
    const words = wordsOf(match.groups?.key ?? '');
    const before = match.groups?.before?.toLowerCase();
    const kind = secretOrPerson(words, before);
    if (kind === null || match.index < done) continue;
    const start = match.index + match[0].length;
    const value = matchAt(VALUE, text, start);
    if (value === '' || isNoValue(value, kind, /:\s+$/.test(match[0]))) continue;
    const more = kind === 'person' && /[\p{L}\p{M}]['"]?$/u.test(value) ? matchAt(MORE_NAMES, text, start + value.length) : '';
    done = start + value.length + more.length;
    yield { start, end: done };
  }
}

const LONGEST_VALUE = 4_000;

function matchAt(pattern: RegExp, text: string, position: number): string {
  return pattern.exec(text.slice(position, position + LONGEST_VALUE))?.[0] ?? '';
}

/** Words that say something about a field's value and are none. */
const NO_VALUE =
  /^["'`]?(?:null|undefined|none|nil|true|false|unknown|missing|required|invalid|expired|empty|unset|n\/a|not|is|was|string|number|text|uuid|varchar|integer|bigint|boolean|optional|must|cannot|the|a|an|\$\d{1,3}|\?|\*+)["'`]?$/i;

function isNoValue(value: string, kind: Kind, isProse: boolean): boolean {
  if (NO_VALUE.test(value) || /^[\ue000-\ue0ff]+$/.test(value)) return true;
  if (kind === 'secret') return false;
  if (/^["'`]?\w{0,60}(?:Error|Exception)["'`]?$/.test(value)) return true;
  // "user: the request failed" is a sentence; "user: jdoe" and "user: jane" are no ordinary words.
  return (
    isProse &&
    /^(?:the|an?|no|not|all|we|it|in|on|for|to|can|could|this|that|see|please|when|if|records?|rows?|audit|request|session|login|failed|already|still|every|each|only|access|update|insert|delete|select)$/i.test(
      value,
    )
  );
}

type Kind = 'secret' | 'person';

function secretOrPerson(words: readonly string[], before: string | undefined): Kind | null {
  if (isSecretKey(words)) return 'secret';
  const [first = ''] = words;
  const whole = words.length === 1 && before !== undefined && /^(?:name|id|number|date|no)$/.test(first) ? [before, first] : words;
  return isIdentityKey(whole) ? 'person' : null;
}

function wordsOf(key: string): readonly string[] {
  return key
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '' && !/^\d+$/.test(word));
}

const SECRET =
  /(?:^|\w)(?:password|passwd|passphrase|secret|token|apikey|credentials?)$|^(?:pwd|pass|pin|otp|cookie|authorization|jwt|bearer|sid|csrf|nonce|passcode|dsn)$/;

function isSecretKey(words: readonly string[]): boolean {
  const last = words.at(-1) ?? '';
  if (SECRET.test(last)) return true;
  if (last === 'id' && /^(?:session|sess)$/.test(words.at(-2) ?? '')) return true;
  if (last === 'base' && words.includes('secret')) return true;
  return last === 'key' && /^(?:api|secret|private|access|signing|encryption|auth|master|account|storage)$/.test(words.at(-2) ?? '');
}

/** Whether a field's name, as words, says that its value names a person. */
export function isIdentityKey(words: readonly string[]): boolean {
  const last = words.at(-1) ?? '';
  const before = words.at(-2) ?? '';
  if (ALWAYS.has(last)) return true;
  if (words.length === 1 && ALONE.has(last)) return true;
  if (last === 'name') return words.length === 1 || OF_A_PERSON.has(before);
  if (last === 'id' || last === 'identifier' || last === 'number' || last === 'no' || last === 'ref' || last === 'uuid')
    return OF_A_PERSON.has(before) || (last !== 'no' && OF_A_RECORD.has(before));
  if (last === 'ids') return OF_A_PERSON.has(before) || OF_A_RECORD.has(before);
  if (last === 'date') return before === 'birth';
  if (last === 'birth') return true;
  if (last === 'code') return /^(?:postal|post|zip)$/.test(before);
  if (last === 'address') return before !== 'listen' && before !== 'bind';
  if (last === 'by') return BY_A_PERSON.has(before);
  if (last === 'to' || last === 'from' || last === 'cc') return /^(?:mail|email|sent|reply)$/.test(before);
  return false;
}

const set = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/));

const ALWAYS = set(`email emails mail phone telephone mobile fax cell ssn mrn dob birthdate birthday firstname lastname fullname middlename
  surname forename username userid patientid patientname userids nickname maidenname givenname familyname lname fname displayname login
  street zip zipcode postcode initials diagnosis icd10 npi guarantor upn userprincipalname`);
const ALONE = set(`user users patient patients actor member nurse doctor physician provider person employee customer author owner name names
  address city family given subscriber guardian caregiver spouse mother father relative contact recipient assignee requester operator sub uid
  impersonator approver subjects practitioner clinician performer`);
const OF_A_PERSON = set(`first last full middle given family patient user maiden display nick person contact member client subject actor
  employee customer account subscriber guarantor provider nurse doctor physician author owner login guardian mother father spouse emergency
  preferred legal sur fore screen recipient assignee requester practitioner performer db_user insured relative caregiver staff`);
const OF_A_RECORD = set(
  'resource record encounter visit chart entity medical insurance policy license passport fhir health appointment device',
);
const BY_A_PERSON = set('created updated deleted changed approved requested viewed accessed signed performed ordered modified');
