import { byPattern, type Rule } from './rule.ts';

const MONTH = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]{0,6}\\.?';
const DAY = `(?:\\d{4}[-/.]\\d{1,2}[-/.]\\d{1,2}|\\d{1,2}[-/. ]\\d{1,2}[-/. ]\\d{2,4}|\\d{8}|\\d{1,2}(?:st|nd|rd|th)?\\.?(?: of)?[ /-]${MONTH},?(?:[ /-]\\d{2,4})?|${MONTH} \\d{1,2}(?:st|nd|rd|th)?,?(?: \\d{2,4})?|${MONTH} \\d{4}|\\d{4})`;
/** Years in which patients are born and nothing of this system happens. */
const EARLY_YEAR = '(?:19[1-9]\\d|200[1-9]|201[0-4])';

/** Days of birth: after a word that says so, or so early that nothing of this system happened then. */
export const BIRTH_RULES: readonly Rule[] = [
  byPattern(
    'date of birth',
    '[date]',
    new RegExp(
      String.raw`\b(?:born|d\.?o\.?b\.?|birth[ _-]?(?:day|date)?|date of birth|b-?day|birthdate|geboren(?: am)?|né[e]?|nacid[oa])(?![\p{L}])["']?(?:\s{0,2}(?:[:=-]|is|was|on|in|at|the|le|el)){0,3}[\s"'(]{0,3}(?<hide>${DAY})(?!\w)`,
      'iu',
    ),
  ),
  byPattern(
    'early date',
    '[date]',
    new RegExp(
      String.raw`(?<![\w.:/-])(?:${EARLY_YEAR}-\d\d-\d\d|\d{1,2}[/.-]\d{1,2}[/.-]${EARLY_YEAR}|\d{1,2} ${MONTH} ${EARLY_YEAR}|${MONTH} \d{1,2},? ${EARLY_YEAR})(?![\w-])`,
      'i',
    ),
    (hidden) => !/1970|1999-12-31/.test(hidden),
  ),
];

/** Numbers that stand for a person. Counts, durations, versions, times and ports are no identities. */
export const NUMBER_RULES: readonly Rule[] = [
  byPattern(
    'SSN after its label',
    '[ssn]',
    /\b(?:SSN|social security(?: number| no\.?)?|SIN|ITIN|tax id)\b[^\d\n*Xx]{0,20}(?<hide>[\dXx*][\dXx*. _/-]{2,14}[\d])(?!\w)/i,
  ),
  byPattern('SSN', '[ssn]', /(?<![\w.:/-])\d{3}([-. _/]{1,3})\d{2}\1\d{4}(?![\w:]|[.-]\d)/),
  byPattern('SSN with its beginning hidden', '[ssn]', /(?<!\w)[Xx*]{3}-?[Xx*]{2}-?\d{4}(?!\w)/),
  byPattern(
    'record number',
    '[mrn]',
    /\b(?:MRN|MR#|EMRN|CSN|FIN|(?:medical |health |patient )?record (?:number|no\.?|nr\.?)|chart (?:number|no\.?)|patient (?:number|no\.?)|member (?:id|number)|policy (?:number|no\.?)|account (?:number|no\.?)|encounter (?:number|no\.?))[\s:=#"'(._-]{0,5}(?:(?:is|was|no|number|nr|id)[\s:=#."'-]{1,3}){0,2}(?<hide>[A-Z]{0,4}[-_]?\d[\w-]{0,24})/i,
  ),
  byPattern('record number without a space', '[mrn]', /\bMRN[A-Z]{0,3}\d{2,20}\b/i),
  byPattern('MAC address', '[id]', /(?<![\w:-])[\da-f]{2}([:-])(?:[\da-f]{2}\1){4}[\da-f]{2}(?![\w:-])/i),
  byPattern('card number', '[number]', /(?<![\w.:-])\d{4}([ -])\d{4}\1\d{4}\1\d{1,4}(?![\w:])/),
  byPattern(
    'number with letters before it',
    '[number]',
    /(?<![\w-])(?!(?:TS|CVE|ORA|RFC|ISO|INC|PR|ERR?|HTTP|SHA|UTF|AES|RSA|EC|SQL|HV|XX|P|F|KB|GH|BUG|JIRA|OPS|SRE)[-#]?\d)[A-Z]{1,6}[-#]?\d{5,14}\b/,
  ),
  byPattern('long number', '[number]', /(?<![\w.,:/#$+-])\d{5,20}(?![\w]|[.:,]\d)/, (hidden, match) => isIdentityNumber(hidden, match)),
];

const COUNTED =
  /^[ ]?(?:m?s|us|ns|µs|sec|secs|seconds?|minutes?|min|hours?|days?|rows?|records?|bytes?|[kmgt]i?b|requests?|connections?|clients?|lines?|events?|files?|times?|jobs?|messages?|errors?|inserts?|writes?|reads?|quer(?:y|ies)|users?|patients?|tuples?|pages?|buffers?|blocks?|tables?|entries|items?|facts?|webhooks?|milliseconds?|microseconds?|characters?|samples?|retries|attempts?|transactions?|dead|live|audit|new|of|per|%)(?![\p{L}\d])/iu;
const COUNTING =
  /(?:\b(?:port|pid|process|line|lines|build|version|release|run|job|attempt|count|total|limit|offset|size|bytes|rows|tuples|took|after|than|of|least|most|about|around|to|max|min|row count|xid|oid|lsn|relation|transaction|session|backend|block|page|uid|gid|INC|PR|issue|code|errno|exit|in|epoch|at|by|from|wrote|read|inserted|deleted|archived|exported|counted|scanned|found|with|has|have|holds|only|and)[ :=#(]{1,2}|[<>≤≥~=] ?|\/|_backend\()$/i;

/** A count says what it counts; the seconds or milliseconds since 1970 begin as they do in these years. */
function isIdentityNumber(digits: string, match: RegExpMatchArray): boolean {
  const text = match.input ?? '';
  const start = match.index ?? 0;
  if (digits.startsWith('0')) return true;
  if (isSqlstate(digits, text, start)) return false;
  if (/^(?:1[5-9]\d{8}|1[5-9]\d{11})$/.test(digits)) return false;
  return (
    !COUNTED.test(text.slice(start + digits.length, start + digits.length + 20)) &&
    !COUNTING.test(text.slice(Math.max(0, start - 20), start))
  );
}

/** A code of PostgreSQL's appendix A as people write it: in parentheses, in backticks, or after its name. */
function isSqlstate(digits: string, text: string, start: number): boolean {
  return (
    /^(?:0[0-38]|2[1-8]|34|3[89]|40|42|44|5[3-8])\d{3}$/.test(digits) &&
    /(?:[(`]|\b(?:code|state|sqlstate|error)["']?[:= ]{1,2}["'`]?)$/i.test(text.slice(Math.max(0, start - 16), start))
  );
}
