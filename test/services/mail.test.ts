import { createServer } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterEach, describe, expect, test } from 'vitest';
import { areMailboxes, parseMailboxes } from '#domain/base/mailbox.ts';
import { connectMail } from '#services/mail.ts';
import { ATTACHMENTS_REFUSED, mailFailure } from '#services/mail-failure.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A mail server with the certificate of its library: self-signed, and of no known authority. */
async function opens(options: { readonly secure: boolean }): Promise<number> {
  const server = new SMTPServer({ ...options, authOptional: true });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  const address = server.server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const failureAt = async (url: string) => {
  const failure: unknown = await connectMail({ url, from: 'bot@clinic.example' })
    .ping()
    .catch((error: unknown) => error);
  return failure instanceof Error ? failure : new Error('it succeeded');
};

describe('what is wrong with certificate or port is said in words, and nothing was handed over', () => {
  test('a certificate that nobody knows', async () => {
    const failure = await failureAt(`smtps://127.0.0.1:${await opens({ secure: true })}`);
    expect(failure.message).toContain('TLS certificate');
    expect(failure).toMatchObject({ outcome: 'unavailable' });
  });

  test('smtps:// to a port without TLS', async () => {
    const failure = await failureAt(`smtps://127.0.0.1:${await opens({ secure: false })}`);
    expect(failure.message).toContain('speaks no TLS on this port: smtps:// is for 465, smtp:// for 587');
  });

  test.each([
    [
      "Hostname/IP does not match certificate's altnames: Host: mail. is not in the cert's altnames: DNS:other",
      'certificate for another name',
    ],
    ['certificate has expired', 'certificate that has expired'],
    ['self signed certificate in certificate chain', 'of an unknown authority'],
    ['self-signed certificate', 'self-signed TLS certificate'],
    ['unable to verify the first certificate', 'of an unknown authority'],
    ['Greeting never received', 'needs smtps://'],
  ])('%s', (message, words) => {
    const failure = mailFailure(Object.assign(new Error(message), { code: 'ESOCKET' }));
    expect(failure.message).toContain(words);
    expect(failure.outcome).toBe('unavailable');
  });
});

test('a connection that breaks later leaves open whether the mail was taken', async () => {
  expect(mailFailure(Object.assign(new Error('Connection closed unexpectedly'), { code: 'ESOCKET' })).outcome).toBe('unclear');
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
});

test.each([
  [552, '5.3.4 too big', ATTACHMENTS_REFUSED],
  [554, '5.7.1 illegal attachment', ATTACHMENTS_REFUSED],
  [550, '5.1.1 no such user', null],
])('%i %s', (responseCode, response, code) => {
  expect(mailFailure({ responseCode, response })).toMatchObject({ outcome: 'refused', code });
});

test('mailboxes are read with and without names, one or several', () => {
  expect(parseMailboxes('"Officer, Pat" <po@clinic.example>, b@clinic.example; Kim <c@clinic.example>')).toEqual([
    { name: 'Officer, Pat', address: 'po@clinic.example' },
    { name: '', address: 'b@clinic.example' },
    { name: 'Kim', address: 'c@clinic.example' },
  ]);
  expect(areMailboxes(' po@clinic.example ')).toBe(true);
  for (const wrong of ['', 'nobody', 'a@clinic.example, nobody', 'a@localhost', '<>', 'a@b@clinic.example'])
    expect(areMailboxes(wrong), wrong).toBe(false);
});
