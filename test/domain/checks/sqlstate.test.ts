import { expect, test } from 'vitest';
import { databaseFailureText, meaningOf } from '#domain/checks/sqlstate.ts';

test('a database failure is told by its code, never by the server’s own words', () => {
  expect(databaseFailureText('42501', 'permission denied for table secret')).toBe('permission denied (42501)');
  expect(databaseFailureText(undefined, 'Connection terminated due to connection timeout')).toBe('the database server does not answer');
  expect(databaseFailureText('XX000', 'Failing row contains (patient)')).toBe('the database answered error XX000');
  expect(databaseFailureText('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed')).toContain('name it in CA_FILE');
});

test.each(['08006', '53200', '53100', '57P01', '57P05', '58030', 'XX001', 'ECONNREFUSED', '28P01', '3D000'])(
  '%s is a failure of the server',
  (code) => {
    const { next } = meaningOf(code);
    expect(next.nextAction).toEqual(
      code === '53100' ? { kind: 'command', command: '/audit storage' } : { kind: 'runbook', runbook: 'database-failure' },
    );
  },
);

test.each(['22003', '23514', '23P01', '42883', '42704', '54001', 'P0001', 'AU001', '0A000', '40P01', '55P03', '2200H'])(
  '%s is none: its next step is one of our own checks',
  (code) => expect(meaningOf(code).next.nextAction).toMatchObject({ kind: 'command' }),
);
