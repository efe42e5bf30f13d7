import { formatUtc } from '#domain/base/time.ts';

/** Foreign text for Slack: `&`, `<`, `>` escaped, so that no title can page everyone (Slack, "Escaping text"). */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Foreign text shown to the letter: as a code span, in which Slack formats nothing. Backticks would end it and become quotes. */
export function codeSpan(text: string): string {
  const inner = escapeMrkdwn(text.replaceAll('`', "'").replace(/\s+/g, ' ').trim());
  return inner === '' ? '(empty)' : `\`${inner}\``;
}

/** A moment in UTC, and beside it in the reader's own time zone by Slack's date token. */
export function slackTime(instant: Date): string {
  const seconds = Math.floor(instant.getTime() / 1_000);
  const utc = formatUtc(instant);
  return `${utc} (<!date^${seconds}^{time_secs}|${utc.slice(11)}> for you)`;
}

/** A link, or just its label when the address is no http(s) URL. */
export function slackLink(url: string, label: string): string {
  return /^https?:\/\/[^\s<>|]+$/.test(url) ? `<${escapeMrkdwn(url)}|${escapeMrkdwn(label.replaceAll('|', '/'))}>` : escapeMrkdwn(label);
}
