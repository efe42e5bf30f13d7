import { EventEmitter } from 'node:events';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

/** How the mail server misbehaves: refuses recipients, postpones them (greylisting), or never answers a message. */
export type MailFault = { readonly kind: 'refuse-recipient' | 'greylist' } | { readonly kind: 'hang' };

export type MailStandIn = {
  readonly url: string;
  readonly mails: readonly ParsedMail[];
  readonly events: EventEmitter<{ mail: [ParsedMail] }>;
  fault: MailFault | undefined;
  afterDelivery: (() => Promise<void> | void) | undefined;
  readonly close: () => Promise<void>;
};

/** Starts an SMTP server on a free port that asks for a user and keeps what it is sent. */
export async function startMail(): Promise<MailStandIn> {
  const mails: ParsedMail[] = [];
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
      if (standIn.fault?.kind === 'hang') {
        stream.resume();
        return;
      }
      simpleParser(stream)
        .then(async (mail) => {
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
