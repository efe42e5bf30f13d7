import { createTransport } from 'nodemailer';
import { z } from 'zod';
import { parseMailboxes } from '#domain/base/mailbox.ts';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import { mailFailure, withoutAddresses } from './mail-failure.ts';

/** A mail to the compliance side. `messageId` is the same for every attempt, so that a second copy is recognised as one. */
export type Mail = {
  readonly messageId: string;
  readonly inReplyTo: string | null;
  /** The thread's own ID before all, so that mailboxes see one thread also when a relay gives each mail another Message-ID. */
  readonly references: readonly string[];
  readonly to: readonly Recipient[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly attachments: readonly Attachment[];
};

export type Attachment = { readonly name: string; readonly content: string | Uint8Array; readonly contentType: string };

/** A recipient by role: people are told of the role, never of the address, which may be several. */
export type Recipient = { readonly role: string; readonly address: string };

export type Mailer = {
  /** Sends a mail; answers the roles whose address the server refused. Throws {@link ServiceFailure} when nobody got it. */
  readonly send: (mail: Mail) => Promise<{ readonly refusedRoles: readonly string[]; readonly message: string }>;
  /** Connects and says goodbye, to see that address and password work. */
  readonly ping: () => Promise<void>;
  readonly messageId: (name: string) => string;
};

/** `installation` names this store among others that send from the same domain: a repeated Message-ID would be taken for a copy. */
type Connection = { readonly url: string; readonly from: string; readonly installation?: string };

/** Connects to an SMTP server as `url` says: STARTTLS when offered (required for other hosts than this machine), TLS with smtps. */
export function connectMail({ url, from, installation = '' }: Connection): Mailer {
  const { hostname, protocol } = new URL(url);
  const [sender] = parseMailboxes(from);
  const isLocal = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
  const transport = createTransport(
    { url, connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000, requireTLS: !isLocal && protocol === 'smtp:' },
    { from: { name: sender?.name || 'Gapwatch', address: sender?.address ?? from }, headers: AUTOMATIC },
  );
  const domain = sender?.address.slice(sender.address.lastIndexOf('@') + 1) ?? 'gapwatch.invalid';
  const own = installation === '' ? '' : `.${installation}`;
  return {
    messageId: (name) => `<${name.replace(/[^A-Za-z0-9.-]+/g, '.')}${own}@${domain}>`,
    ping: async () => {
      await transport.verify().catch((error: unknown) => Promise.reject(mailFailure(error)));
    },
    send: async (mail) => {
      const info: unknown = await transport
        .sendMail({
          messageId: mail.messageId,
          ...(mail.inReplyTo ? { inReplyTo: mail.inReplyTo } : {}),
          references: [...mail.references],
          to: mail.to.flatMap(({ address }) => parseMailboxes(address).map((mailbox) => ({ ...mailbox }))),
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
        .catch((error: unknown) => Promise.reject(mailFailure(error)));
      const { rejected, response } = infoSchema.parse(info);
      const refused = new Set(rejected.map((address) => address.toLowerCase()));
      return {
        refusedRoles: mail.to.flatMap((recipient) => refusedWords(recipient, refused)),
        message: `the mail server answered ${foreignLine(withoutAddresses(response), 120)}`,
      };
    },
  };
}

/** RFC 3834: nothing answers an automatic mail by itself; Exchange has a header of its own for it. */
const AUTOMATIC = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' };

/** The role whose addresses were refused, in words; one of several is said to be one. */
function refusedWords({ role, address }: Recipient, refused: ReadonlySet<string>): readonly string[] {
  const all = parseMailboxes(address);
  const count = all.filter((mailbox) => refused.has(mailbox.address.toLowerCase())).length;
  if (count === 0) return [];
  return [count === all.length ? role : `${role} (${count} of ${all.length} addresses)`];
}

const infoSchema = z.object({ rejected: z.array(z.string()).default([]), response: z.string().default('') });
