import { isIdentityKey } from './fields.ts';
import { isGivenName } from './names.ts';
import { byPattern, type Rule } from './rule.ts';

const PEOPLE =
  '(?:patients?|users?|members?|people|persons?|accounts?|records?|charts?|encounters?|visits?|customers?|clients?|employees?|nurses?|doctors?|providers?|physicians?|appointments?|prescriptions?|profiles?|practitioners?|guardians?|caregivers?|contacts?|subjects?|u|home|Users|mrn|ssn|email|staff|residents?|consents?|results?|referrals?)';
const ACTIONS =
  /^(?:new|search|export|import|me|login|logout|count|list|index|edit|stats|records?|history|audit|status|health|bulk|create|update|delete|all|recent|settings|sessions?|\[.*|:\w+|\{.*|api|page|route|summary|metrics|.*\.(?:[cm]?[jt]sx?|py|rb|go|java|sql|prisma|md|json|ya?ml|css|html|png|svg|conf|log|sh|toml))$/i;

/** Identities in paths and queries of URLs. Paths of source files, addresses of dashboards and names of machines stay. */
export const PATH_RULES: readonly Rule[] = [
  byPattern(
    'path of a person',
    '[id]',
    new RegExp(String.raw`\/(?:${PEOPLE})\/(?<hide>[^\s/?#"'<>,;)\]]{1,200})`, 'i'),
    (hidden) => !ACTIONS.test(hidden),
  ),
  byPattern(
    'path of a person, deeper',
    '[id]',
    new RegExp(
      String.raw`\/(?:${PEOPLE})\/[^\s/?#"'<>,;)\]]{1,80}\/(?:records?|charts?|notes|visits|messages|documents|contacts|appointments|results|prescriptions)\/(?<hide>[^\s/?#"'<>,;)\]]{1,200})`,
      'i',
    ),
    (hidden) => !ACTIONS.test(hidden),
  ),
  byPattern(
    'number in a path',
    '[id]',
    /\/(?!(?:issues|pulls?|runs|jobs|deployments?|incidents?|commits?|versions?|releases?|pids|ports|builds|lines|pages|days|years|steps|files|alerts|events|tasks|fds|cgroups|cpus|objects|bootstraps|threads|status)\/)[a-z_-]{2,30}s\/(?<hide>\d{1,20})(?![\w.-])/i,
  ),
  byPattern(
    'identifier in a path',
    '[id]',
    /(?<!\bbase(?:\/\d{1,10})?)\/(?<hide>(?=[A-Za-z-]{0,40}\d)[A-Za-z\d-]{1,60}\d{3,}[A-Za-z\d]{0,20})(?=[/?\s"']|$)/,
    (hidden) =>
      /\d{5,}/.test(hidden) &&
      !/^\d{4}-?\d\d-?\d\d/.test(hidden) &&
      !/^[\da-f]{7,40}$/.test(hidden) &&
      !/^1[5-9]\d{8}(?:\d{3})?$|^p1\d{15}$/.test(hidden),
  ),
  byPattern('value of a query', '[query]', /[?&](?<key>[\w.[\]%-]{1,60})=(?<hide>[^\s&"'<>#]{1,400})/, (_hidden, match) =>
    isNotHarmlessParameter(match.groups?.key ?? ''),
  ),
];

/** A given name and another word, joined as in a login, a branch or the name of a file. */
export const FILE_NAME_RULES: readonly Rule[] = [
  byPattern(
    'name in a path or file',
    '[name]',
    /(?<![\p{L}\p{N}])(?<given>\p{L}{2,20})(?:[._+-]|%20)(?:\p{L}(?:[._+-]|%20))?(?<family>at[._-]\p{L}{2,30}|\p{L}{2,30})(?![\p{L}\p{N}@(])/u,
    (_hidden, match) => isFileName(match.groups?.given ?? '', match.groups?.family ?? ''),
  ),
];

const HARMLESS =
  /^(?:orgid|from|to|tab|page|limit|offset|sort|order|refresh|viewpanel|var-\w+|timezone|tz|interval|range|since|until|v|version|format|cursor|per_page|size|sslmode|schema|connection_limit|pool_timeout|pgbouncer|application_name|environment|env|project|statsperiod|action|resource|status|type|kind|level|step|start|end|window|connect_timeout|branch)$/i;

function isNotHarmlessParameter(key: string): boolean {
  return !HARMLESS.test(key) || isIdentityKey([key.toLowerCase()]);
}

const NO_FAMILY =
  /^(?:db|sql|js|ts|py|com|org|net|io|dev|test|tests|prod|staging|example|local|internal|service|api|app|bot|ci|fix|feature|patch|branch|co|md|json|yaml|yml|log|txt|sh|the|and|or|is|was|did|has|had|on|in|to)$/i;

function isFileName(given: string, family: string): boolean {
  return isGivenName(given) && !NO_FAMILY.test(family);
}
