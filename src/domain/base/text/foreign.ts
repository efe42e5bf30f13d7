import { countPlaceholders, redact, redactLines } from './redact.ts';

/** Text from outside that may name people: to be matched and counted, never to be kept or shown. */
export type RawText = string & { readonly [RAW]: true };

/** Text from outside without identities, bounded, on one line or several. Only {@link redactText} and {@link redactLine} make it. */
export type RedactedText = string & { readonly [REDACTED]: true };

declare const RAW: unique symbol;
declare const REDACTED: unique symbol;

/** Marks text as coming from outside, so that what asks for {@link RedactedText} refuses it with a reason. */
export function rawText(text: string): RawText {
  return text as RawText;
}

/** Foreign text as it may be kept and shown, line breaks kept: identities are placeholders, at most `limit` characters. */
export function redactText(raw: RawText | string, limit = 500): RedactedText {
  return redactLines(raw, limit) as RedactedText;
}

/** One line of foreign text as it may be kept and shown: as {@link redactText}, with line breaks and runs of spaces folded. */
export function redactLine(raw: RawText | string, limit = 300): RedactedText {
  return redact(raw, limit) as RedactedText;
}

/** Whether something of `before` was hidden in `after`, so that the person who wrote it can be asked to say it without identities. */
export function wasRedacted(before: RawText | string, after: RedactedText): boolean {
  return countPlaceholders(after) > countPlaceholders(before);
}
