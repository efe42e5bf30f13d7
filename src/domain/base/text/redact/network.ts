import { byPattern, type Rule } from './rule.ts';

/** Addresses of machines (RFC 4291, 5952) and identifiers that a computer gave to a person or a session. */
export const NETWORK_RULES: readonly Rule[] = [
  byPattern('IPv6', '[ip]', /(?<![\w:.])[\da-f]{0,4}:[\da-f:]{1,39}(?:(?:\d{1,3}\.){3}\d{1,3})?(?:%[\w.-]{1,16})?(?![\w:]|\.\d)/i, isIpv6),
  byPattern(
    'IPv4',
    '[ip]',
    /(?<![\w.-])(?<!\b(?:v|version|release|postgres(?:ql)?|agent|chrome)[ /]?)\d{1,3}(?:\[?\.\]?\d{1,3}){3}(?:\/\d{1,2})?(?![\w-]|\.\d)/i,
    isIpv4,
  ),
  byPattern('IPv4 in a host name', '[ip]', /\bip-(?<hide>\d{1,3}(?:-\d{1,3}){3})(?![\w-])/i),
  byPattern(
    'UUID',
    '[id]',
    /(?<!\b(?:deployment|deploy|build|release|rollout|app|droplet|cluster|pipeline)s?[ :/#]{1,2}(?:id[ :=]{1,2})?)(?<![\da-z])\{?[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\}?(?![\da-z])/i,
  ),
  byPattern(
    'UUID without dashes',
    '[id]',
    /(?<!\b(?:trace|span|sha|digest|md5|hash|etag|checksum)[\w-]{0,6}["']?[ :=]{1,2}["']?)\b[\da-f]{32}\b/i,
    (hidden) => /\d/.test(hidden),
  ),
  byPattern('cuid', '[id]', /\bc[a-z\d]{24}\b/, (hidden) => /\d/.test(hidden)),
  byPattern('ULID', '[id]', /\b[0-7][\dA-HJKMNP-TV-Z]{25}\b/),
  byPattern(
    'long identifier',
    '[id]',
    /(?<![\w/.@-]|sha\d{3}[-:]|\b(?:trace|span|digest|hash|etag|checksum)[\w-]{0,6}["']?[ :=]{1,2}["']?)[A-Za-z\d]{16,80}(?![\w])/,
    isIdentifier,
  ),
  byPattern(
    'identifier after its noun',
    '[id]',
    /\b(?:user|patient|pt|member|client|person|subscriber|employee|customer|subject|actor|nurse|doctor|provider)(?:[ _-]?id)?[-_:#/ ]{1,2}(?<hide>(?=[\w-]{0,40}\d)[\w-]{1,41})(?![\w])/i,
    isNoCount,
  ),
  byPattern('identifier in its noun', '[id]', /\b(?:user|patient|member|client|person)(?<hide>\d{2,12})\b/i),
  byPattern(
    'identifier of a record',
    '[id]',
    /\b(?:resource|record|account|encounter|visit|chart|session|appointment)(?:[ _-]?id)?\s?[-_:#/]{1,2}\s?(?<hide>(?=[\w-]{0,40}\d)[\w-]{1,41})(?![\w])/i,
  ),
  byPattern(
    'record by number',
    '[id]',
    /\b(?:resource|record|account|encounter|visit|chart)(?: id)? (?<hide>(?=\w{0,20}\d)[\w-]{4,20})\b(?! of\b)/i,
    isNoCount,
  ),
];

function isNoCount(hidden: string, match: RegExpMatchArray): boolean {
  const rest = (match.input ?? '').slice((match.index ?? 0) + match[0].length, (match.index ?? 0) + match[0].length + 6);
  return (
    !/^(?:19|20)\d\d-\d\d/.test(hidden) &&
    !/^P\d{4}$/.test(hidden) &&
    !/^\d{1,3}(?:ms|s|m|h|x)$/.test(hidden) &&
    !/^ of \d|^:\d\d|^\.\d/.test(rest)
  );
}

function isIpv4(hidden: string): boolean {
  const octets = hidden.replace(/[[\]]|\/.*/g, '').split('.');
  const plain = octets.join('.');
  return octets.every((octet) => Number(octet) <= 255) && plain !== '127.0.0.1' && plain !== '0.0.0.0';
}

function isIpv6(hidden: string): boolean {
  const [address = ''] = hidden.split('%');
  if (address === '::' || address === '::1') return false;
  const groups = address.split(':');
  const colons = groups.length - 1;
  const isShort = address.includes('::');
  if (colons < 2 || address.indexOf('::') !== address.lastIndexOf('::') || address.includes(':::')) return false;
  if (groups.some((group) => group.length > 4 && !group.includes('.'))) return false;
  const length = groups.filter((group) => group !== '').length + (address.includes('.') ? 1 : 0);
  return isShort ? length <= 7 && length >= 1 : length === 8;
}

/** Random identifiers carry many digits; a name of a function with a version in it does not, and a commit is hexadecimal of forty. */
function isIdentifier(hidden: string): boolean {
  if (/^[\da-f]{40}$/.test(hidden) || !/[A-Za-z]/.test(hidden)) return false;
  return (hidden.match(/\d/g)?.length ?? 0) >= 3 && !/^[A-Z]?[a-z]+(?:[A-Z][a-z]+){2,}\d{1,4}$/.test(hidden);
}
