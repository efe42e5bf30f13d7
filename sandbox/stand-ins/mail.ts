import { EventEmitter } from 'node:events';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

/** How the mail server misbehaves: refuses recipients, postpones them (greylisting), refuses attachments, or takes a message and never answers. */
export type MailFault =
  | { readonly kind: 'refuse-recipient' | 'greylist' | 'hang' }
  | { readonly kind: 'refuse-attachments'; readonly code: number; readonly words: string };

export type MailStandIn = {
  readonly url: string;
  readonly mails: readonly ParsedMail[];
  /** Mails that were taken without an answer: the sender does not know what became of them. */
  readonly unanswered: readonly ParsedMail[];
  readonly events: EventEmitter<{ mail: [ParsedMail] }>;
  fault: MailFault | undefined;
  afterDelivery: (() => Promise<void> | void) | undefined;
  readonly close: () => Promise<void>;
};

/** Starts an SMTP server on a free port that asks for a user and keeps what it is sent. */
export async function startMail(): Promise<MailStandIn> {
  const mails: ParsedMail[] = [];
  const unanswered: ParsedMail[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    authOptional: false,
    onAuth: ({ username, password }, _session, done) =>
      username === 'gapwatch' && password === 'sandbox' ? done(null, { user: username }) : done(new Error('bad credentials')),
    onRcptTo: (_address, _session, done) => {
      if (standIn.fault?.kind === 'refuse-recipient') return done(answer(550, '5.1.1 no such user'));
      return standIn.fault?.kind === 'greylist' ? done(answer(451, '4.7.1 greylisted, try again later')) : done();
    },
    onData: (stream, _session, done) => {
      simpleParser(stream)
        .then(async (mail) => {
          const { fault } = standIn;
          if (fault?.kind === 'hang') {
            unanswered.push(mail);
            standIn.events.emit('mail', mail);
            return;
          }
          if (fault?.kind === 'refuse-attachments' && mail.attachments.length > 0) return done(answer(fault.code, fault.words));
          mails.push(mail);
          standIn.events.emit('mail', mail);
          await standIn.afterDelivery?.();
          done();
        })
        .catch(done);
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const standIn: MailStandIn = {
    url: `smtp://gapwatch:sandbox@127.0.0.1:${port}`,
    mails,
    unanswered,
    events: new EventEmitter(),
    fault: undefined,
    afterDelivery: undefined,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
  return standIn;
}

function answer(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
