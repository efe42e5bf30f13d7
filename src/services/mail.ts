import { createTransport } from 'nodemailer';
import { z } from 'zod';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import { ServiceFailure } from './failure.ts';

/** A mail to the compliance side. `messageId` is the same for every attempt, so that a second copy is recognised as one. */
export type Mail = {
  readonly messageId: string;
  readonly inReplyTo: string | null;
  readonly to: readonly Recipient[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly attachments: readonly Attachment[];
};

export type Attachment = { readonly name: string; readonly content: string | Uint8Array; readonly contentType: string };

/** A recipient by role: people are told of the role, never of the address. */
export type Recipient = { readonly role: string; readonly address: string };

export type Mailer = {
  /** Sends a mail; answers the roles whose address the server refused. Throws {@link ServiceFailure} when nobody got it. */
  readonly send: (mail: Mail) => Promise<{ readonly refusedRoles: readonly string[]; readonly message: string }>;
  /** Connects and says goodbye, to see that address and password work. */
  readonly ping: () => Promise<void>;
  readonly messageId: (name: string) => string;
};

/** Connects to an SMTP server as `url` says: STARTTLS when offered (required for other hosts than this machine), TLS with smtps. */
export function connectMail({ url, from }: { readonly url: string; readonly from: string }): Mailer {
  const { hostname, protocol } = new URL(url);
  const isLocal = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
  const transport = createTransport(
    { url, connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000, requireTLS: !isLocal && protocol === 'smtp:' },
    { from: { name: 'Gapwatch', address: from } },
  );
  const domain = from.slice(from.lastIndexOf('@') + 1);
  return {
    messageId: (name) => `<${name.replace(/[^A-Za-z0-9.-]+/g, '.')}@${domain}>`,
    ping: async () => {
      await transport.verify().catch((error: unknown) => Promise.reject(failureOf(error)));
    },
    send: async (mail) => {
      const info: unknown = await transport
        .sendMail({
          messageId: mail.messageId,
          ...(mail.inReplyTo ? { inReplyTo: mail.inReplyTo, references: [mail.inReplyTo] } : {}),
          to: mail.to.map(({ address }) => address),
          subject: foreignLine(mail.subject, 200),
          text: mail.text,
          html: mail.html,
          attachments: mail.attachments.map(({ name, content, contentType }) => ({
            filename: name,
            content: Buffer.from(content),
            contentType,
          })),
          // Attachments and bodies are our own text: nothing is ever read from a path or an address.
          disableFileAccess: true,
          disableUrlAccess: true,
        })
        .catch((error: unknown) => Promise.reject(failureOf(error)));
      const { rejected, response } = infoSchema.parse(info);
      const refused = new Set(rejected.map((address) => address.toLowerCase()));
      return {
        refusedRoles: mail.to.filter(({ address }) => refused.has(address.toLowerCase())).map(({ role }) => role),
        message: `the mail server answered ${foreignLine(withoutAddresses(response), 120)}`,
      };
    },
  };
}

const infoSchema = z.object({ rejected: z.array(z.string()).default([]), response: z.string().default('') });
const errorSchema = z.object({ code: z.string().optional(), responseCode: z.number().optional(), response: z.string().optional() });

function failureOf(error: unknown): ServiceFailure {
  const { code, responseCode, response } = errorSchema.catch({}).parse(error);
  const said = response ? `: ${foreignLine(withoutAddresses(response), 160)}` : '';
  const message = `the mail server ${WORDS[code ?? ''] ?? 'did not take the mail'}${said}`;
  if (responseCode !== undefined && responseCode >= 500) return new ServiceFailure('mail', 'refused', message, { cause: error });
  // A socket that dies after the message was handed over leaves open whether it was taken; the Message-ID stays the same.
  const isUnclear = code === 'ESOCKET' || code === 'ETIMEDOUT';
  return new ServiceFailure('mail', isUnclear ? 'unclear' : 'unavailable', message, { cause: error });
}

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
function withoutAddresses(text: string): string {
  return text.replace(/[^\s<>@]+@[^\s<>@]+/g, '(address)');
}
