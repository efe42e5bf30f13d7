import { byPattern, type Rule } from './rule.ts';

/** Keys, tokens and passwords by their own shape; those that a field's name gives away are in fields.ts. */
export const SECRET_RULES: readonly Rule[] = [
  byPattern('PEM block', '[secret]', /-----BEGIN [A-Z ]{3,40}-----(?:[^-]|-(?!----))*(?:-----END [A-Z ]{3,40}-----|$)/),
  byPattern('password in a URL', '[secret]', /\b[a-z][a-z\d+.-]{1,20}:\/\/(?<hide>[^\s/@:'"]{0,100}:[^\s/@'"]{1,200}|[^\s/@:'"]{1,100})@/i),
  byPattern('JSON Web Token', '[secret]', /\beyJ[\w-]{6,}\.[\w-]+\.?[\w-]*/),
  byPattern('Slack token', '[secret]', /\bx(?:ox[a-z]|app|wfp)-[\w-]{6,}/i),
  byPattern('Slack webhook', '[secret]', /hooks\.slack\.com\/(?<hide>[\w/-]{6,})/i),
  byPattern('GitHub token', '[secret]', /\b(?:gh[pousr]_\w{6,}|github_pat_\w{6,})/),
  byPattern('GitLab, npm, PyPI, Hugging Face token', '[secret]', /\b(?:glpat-[\w-]{6,}|npm_[A-Za-z\d]{20,}|pypi-[\w-]{10,}|hf_\w{10,})/),
  byPattern('AWS key', '[secret]', /\b(?:AKIA|ASIA|AROA|AIDA)[A-Z\d]{12,}\b/),
  byPattern('Google key', '[secret]', /\b(?:AIza[\w-]{20,}|ya29\.[\w-]{10,}|GOCSPX-[\w-]{10,})/),
  byPattern('DigitalOcean token', '[secret]', /\bdo[oprt]_v1_\w{6,}/i),
  byPattern('Stripe key', '[secret]', /\b(?:[spr]k_(?:live|test)_\w{6,}|whsec_\w{6,})/),
  byPattern('OpenAI, Anthropic key', '[secret]', /\bsk-[\w-]{12,}/),
  byPattern('SendGrid key', '[secret]', /\bSG\.[\w-]{10,}\.[\w-]{10,}/),
  byPattern(
    'Sentry, Shopify, Linear, Grafana token',
    '[secret]',
    /\b(?:sntry[su]_[\w=+/-]{8,}|shp(?:at|ca|pa|ss)_\w{8,}|lin_api_\w{8,}|gl(?:sa|c)_[\w=]{8,})/,
  ),
  byPattern('Twilio key', '[secret]', /\b(?:SK|AC)[\da-f]{32}\b/),
  byPattern('authorization header', '[secret]', /\b(?:Bearer|Basic|Digest)\s+(?<hide>[\w.~+/=:-]{6,})/i, isNoWord),
  byPattern('token in a header', '[secret]', /\b(?:Authorization|Cookie|Set-Cookie|X-Api-Key|X-Auth-Token)"?:\s*(?<hide>[^\n]{1,2000})/i),
  byPattern(
    'password option',
    '[secret]',
    /(?<=\s)(?:--?(?:password|passwd|pass|pwd|token|secret|api-?key)[ =]|-p (?!\d{2,5}\b))(?<hide>[^\s-]\S{0,200})/i,
  ),
  byPattern(
    'password in prose',
    '[secret]',
    /\b(?:password|passwd|passphrase|passcode|pwd|secret|token|api key|PIN)(?: (?:is|was|to))?\s{1,2}(?<hide>[\w!@#$%^&*+=?-]{3,64})/i,
    (hidden) => /\d/.test(hidden) && /[A-Za-z]/.test(hidden),
  ),
  byPattern(
    'password named',
    '[secret]',
    /\b(?:password|passwd|passphrase|passcode|pwd) (?:is|was)\s{1,2}(?<hide>\S{3,64})/i,
    isNoStateOfASecret,
  ),
  byPattern('password in SQL', '[secret]', /\b(?:password|identified by)\s{1,3}(?<hide>'[^'\n]{0,200}'?)/i),
];

function isNoStateOfASecret(word: string): boolean {
  return !/^(?:not|wrong|expired|incorrect|invalid|missing|required|set|unset|empty|null|rotated|changed|reset|too|being|now|the|in|from|stored|checked|still|also|never)\b/i.test(
    word,
  );
}

function isNoWord(value: string): boolean {
  return /[\d.=_+/]/.test(value) || value.length > 14;
}
