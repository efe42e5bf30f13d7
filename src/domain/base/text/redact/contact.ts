import { byPattern, type Rule } from './rule.ts';

const LOCAL = String.raw`[\p{L}\p{N}\p{M}._%+'~$*#!^-]{1,64}`;
const LABEL = String.raw`[\p{L}\p{N}\p{M}_-]{1,63}`;
const AT = String.raw`(?:@|%(?:25)?40|&#64;|&#x40;|&commat;|\\u0040)`;
const BRACKETED_AT = String.raw`\s{0,2}(?:\(at\)|\[at\]|\{at\}|<at>|\(@\)|\[@\])\s{0,2}`;
const BRACKETED_DOT = String.raw`\s{0,2}(?:\(dot\)|\[dot\]|\{dot\}|<dot>|\[\.\]|\(\.\))\s{0,2}`;

/**
 * Ways to reach a person: electronic mail (RFC 5321, 6531), telephone (ITU-T E.123, North American plan), street. An address is found by
 * its sign and read from there to both sides, so that a long text without one costs nothing.
 */
export const CONTACT_RULES: readonly Rule[] = [
  byPattern(
    'e-mail, bracketed at',
    '[email]',
    new RegExp(
      String.raw`(?=${BRACKETED_AT})(?<=(?<from>[\p{L}\p{N}._+-]{1,64}(?:${BRACKETED_DOT}[\p{L}\p{N}_+-]{1,64}){0,3}))${BRACKETED_AT}${LABEL}(?:(?:\.|${BRACKETED_DOT}|\s{1,2}dot\s{1,2})${LABEL}){0,4}`,
      'iu',
    ),
  ),
  byPattern(
    'e-mail, bracketed dot',
    '[email]',
    new RegExp(
      String.raw`(?=@|\s{1,2}at\s)(?<=(?<from>[\p{L}\p{N}._+-]{1,64}))(?:@|\s{1,2}at\s{1,2})${LABEL}(?:${BRACKETED_DOT}${LABEL}){1,4}`,
      'iu',
    ),
  ),
  byPattern('e-mail, quoted', '[email]', new RegExp(String.raw`"[^"\n@]{1,64}"\s?${AT}${LABEL}(?:\.${LABEL}){0,5}`, 'u')),
  byPattern(
    'e-mail',
    '[email]',
    new RegExp(String.raw`(?=${AT})(?<=(?<from>${LOCAL}))${AT}${LABEL}(?:\.${LABEL}){0,5}`, 'iu'),
    isNoVersionOrRole,
  ),
  byPattern('e-mail, domain literal', '[email]', new RegExp(String.raw`(?=@\[)(?<=(?<from>${LOCAL}))@\[[\da-f.:]{3,45}\]`, 'iu')),
  byPattern(
    'e-mail, spaced',
    '[email]',
    /(?=\s?[@&])(?<=(?<from>[\p{L}\p{N}._+-]{1,64}))\s?(?:@|&#64;|&commat;)\s?[\p{L}][\p{L}\p{N}-]{0,62}(?:\s?\.\s?[\p{L}][\p{L}\p{N}-]{1,62}){1,4}/u,
    isNoVersionOrRole,
  ),
  byPattern(
    'e-mail, spoken',
    '[email]',
    /(?= at )(?<=(?<from>[\p{L}\p{N}._+-]{1,64}(?: dot [\p{L}\p{N}_-]{1,64}){0,3})) at [\p{L}\p{N}-]{1,63}(?: dot [\p{L}\p{N}-]{1,63}){1,4}/iu,
  ),
  byPattern(
    'e-mail, its domain in words',
    '[email]',
    /(?= at )(?<=(?<from>[\p{L}\p{N}_+-]{1,64}\.[\p{L}\p{N}_+-]{1,64})) at [\p{L}\p{N}-]{1,63}\.[\p{L}]{2,20}\b/iu,
    (hidden) => !/\.(?:ts|js|tsx|jsx|py|rb|sql|go|java|md|ya?ml|json|prisma)\s/i.test(hidden),
  ),
  byPattern(
    'US phone',
    '[phone]',
    /(?<![\w.:-])(?<!(?:^|\D)\/)(?:\+?1[ .-]?)?(?:\([2-9]\d{2}\)\s?|[2-9]\d{2}[ ./-])\d{3}[ .-]\d{4}(?:\s?(?:x|ext\.?|extension)\s?\d{1,6})?(?![\w:]|[.-]\d)/i,
  ),
  byPattern(
    'international phone',
    '[phone]',
    /(?<![\w+])(?:\+|00(?=[1-9]\d))\s?\(?[1-9]\d{0,2}\)?(?:[ ()./-]{0,2}\d{1,5}){2,6}(?!\w)/,
    hasDigits(8, 15),
  ),
  byPattern('national phone', '[phone]', /(?<![\w.:+-])\(?0\d{1,5}\)?[ /-]\d{2,}(?:[ -]\d{2,5}){0,4}(?![\w:]|[.,-]\d)/, hasDigits(8, 13)),
  byPattern('phone in pairs', '[phone]', /(?<![\w.:-])0\d(?:[ .]\d{2}){4}(?![\w:])/),
  byPattern(
    'phone after its label',
    '[phone]',
    /\b(?:phone|tel|telephone|cell|mobile|fax|call(?:ed|back)?|dial(?:ed)?|ph|whatsapp)\b[^\d\n]{0,20}(?<hide>[+(]{0,2}\d[\d ().-]{4,18}\d)(?!\w)/i,
    hasDigits(7, 15),
  ),
  byPattern(
    'street address',
    '[address]',
    /\b\d{1,5} (?:[NSEW]\.? )?(?:\p{Lu}[\p{L}'.-]{1,25} ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Drive|Lane|Ln|Boulevard|Blvd|Court|Ct|Terrace|Circle|Highway|Hwy)\b\.?(?:,? (?:Apt|Unit|Suite|Ste)\.? \w{1,6})?/u,
  ),
];

/** `pg@8.23.1`, `image@sha256` and `git@github.com` name software; the places where mail of a person arrives begin otherwise. */
function isNoVersionOrRole(hidden: string, match: RegExpMatchArray): boolean {
  const end = (match.index ?? 0) + match[0].length;
  const after = (match.input ?? '').slice(end, end + 20);
  // PostgreSQL's log_line_prefix, %u@%d.
  if (!hidden.includes('.') && /^ (?:LOG|ERROR|FATAL|WARNING|PANIC|STATEMENT|DETAIL|HINT|CONTEXT):/.test(after)) return false;
  const [local = '', domain = ''] = hidden.split(/\s?@\s?/);
  return (
    !/^(?:v?\d+(?:\.[\dx*]+)*(?:-[\w.]+)?|sha\d{3}|latest|next)$/i.test(domain) &&
    !/^(?:git|root|postgres|ubuntu|ec2-user|deploy|gapwatch)$/i.test(local)
  );
}

function hasDigits(least: number, most: number): (hidden: string) => boolean {
  return (hidden) => {
    const digits = hidden.replace(/\D/g, '').length;
    return digits >= least && digits <= most && !/\d{4}-\d\d-\d\d/.test(hidden);
  };
}
