import { z } from 'zod';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import { ServiceFailure } from './failure.ts';

/** The code of a mail that would be taken without its attachments: too large, or of a kind that the server refuses. */
export const ATTACHMENTS_REFUSED = 'attachments-refused';

const errorSchema = z.object({
  code: z.string().optional(),
  responseCode: z.number().optional(),
  response: z.string().optional(),
  message: z.string().optional(),
});

/** The failure that an error of the mail client means, in words without addresses. */
export function mailFailure(error: unknown): ServiceFailure {
  const { code = '', responseCode, response, message = '' } = errorSchema.catch({}).parse(error);
  const said = response ? `: ${foreignLine(withoutAddresses(response), 160)}` : '';
  const atConnecting = CONNECTING.find(([pattern]) => pattern.test(message))?.[1];
  const words = `the mail server ${atConnecting ?? WORDS[code] ?? 'did not take the mail'}${said}`;
  if (responseCode !== undefined && responseCode >= 500) {
    const isAttachment = responseCode === 552 || /attachment|too (large|big)|size/i.test(response ?? '');
    return new ServiceFailure('mail', 'refused', words, { cause: error, ...(isAttachment ? { code: ATTACHMENTS_REFUSED } : {}) });
  }
  // A socket that dies after the message was handed over leaves open whether it was taken; the Message-ID stays the same.
  const isUnclear = (code === 'ESOCKET' || code === 'ETIMEDOUT') && atConnecting === undefined;
  return new ServiceFailure('mail', isUnclear ? 'unclear' : 'unavailable', words, { cause: error });
}

/** Mistakes that show while connecting, when nothing was handed over yet: the client's own code says of all of them "the socket broke". */
const CONNECTING: readonly (readonly [RegExp, string])[] = [
  [/altnames|does not match certificate/i, 'shows a TLS certificate for another name: check the host in SMTP_URL'],
  [/certificate has expired/i, 'shows a TLS certificate that has expired'],
  [/certificate is not yet valid/i, 'shows a TLS certificate that is not valid yet: check the clocks'],
  [/self[- ]signed certificate in/i, 'shows a TLS certificate of an unknown authority: give it to Node by NODE_EXTRA_CA_CERTS'],
  [/self[- ]signed/i, 'shows a self-signed TLS certificate: give it to Node by NODE_EXTRA_CA_CERTS'],
  [/unable to (verify|get)/i, 'shows a TLS certificate of an unknown authority: give it to Node by NODE_EXTRA_CA_CERTS'],
  [/wrong version number|packet length too long|unknown protocol/i, 'speaks no TLS on this port: smtps:// is for 465, smtp:// for 587'],
  [/greeting never received/i, 'sends no greeting on this port: a port that begins with TLS, 465, needs smtps://'],
  [/connection timeout/i, 'did not answer in time'],
  [/certificate/i, "shows a TLS certificate that can't be verified"],
];

const WORDS: Readonly<Record<string, string>> = {
  EENVELOPE: 'refused sender or recipient',
  ECONNECTION: 'could not be reached',
  EDNS: 'could not be found',
  ETIMEDOUT: 'did not answer in time',
  ESOCKET: 'broke the connection',
  EAUTH: 'refused user or password',
  ETLS: 'offers no usable TLS',
  EMESSAGE: 'refused the message',
};

/** Mail servers quote addresses in their answers; Slack and the timeline show none. */
export function withoutAddresses(text: string): string {
  return text.replace(/[^\s<>@]+@[^\s<>@]+/g, '(address)');
}
