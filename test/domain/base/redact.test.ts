import fc from 'fast-check';
import { expect, test } from 'vitest';
import { redact } from '#domain/base/text/redact.ts';

test.each([
  ['an e-mail address', 'Failed to create audit log for jane.doe@clinic.example', 'jane.doe'],
  ['an IP address', 'request from 203.0.113.77 failed', '203.0.113.77'],
  ['an IPv6 address', 'request from 2001:db8::ff00:42:8329 failed', '8329'],
  ['a UUID', 'audit for 123e4567-e89b-12d3-a456-426614174000', '426614174000'],
  ['a cuid', 'patient cjld2cjxh0000qzrmn831i7rn read', 'cjld2'],
  ['a record number', 'audit of MRN0047110815 failed', '0047110815'],
  ['a long number', 'audit of patient 471108 failed', '471108'],
  ['a phone number', 'called +49 170 1234567', '1234567'],
  ['a name in a known field', 'audit {lastName: Doe, firstName=Jane}', 'Doe'],
  ['a quoted name in a known field', 'patient_name="Jane van Doe" action=READ', 'van'],
  ['a quoted text', 'Key (userId)=("jane") already exists', 'jane'],
  ['a name with a title', 'audit log for Dr. Jane Doe could not be written', 'Jane'],
  ['a name of two words', 'audit log of Jane Doe could not be written', 'Doe'],
  ['an id in a path', 'GET /api/patients/4711/records?name=Doe 500', '4711'],
  ['a query', 'GET /api/patients?name=Doe 500', 'Doe'],
  ['a token', 'Authorization: Bearer abc.def.ghi', 'abc.def'],
  ['a JWT', 'token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.sig', 'eyJz'],
  ['an unknown field of JSON', '{"level":"error","msg":"audit failed","nurse":"Jane"}', 'Jane'],
  ['a nested field of JSON', '{"msg":"audit failed","error":{"code":"P2002","meta":{"target":"Jane"}}}', 'Jane'],
  ['a user id in the text', 'audit failed for user-canary-0815', 'canary'],
])('%s does not pass', (_name, line, secret) => {
  expect(redact(line)).not.toContain(secret);
});

test('what says something about the failure stays', () => {
  expect(redact('Failed to create audit log: Prisma timeout P2024')).toBe('Failed to create audit log: Prisma timeout P2024');
  expect(redact('{"level":"error","msg":"Failed to create audit log","code":"P2002","status":500}')).toBe(
    'level: error, msg: Failed to create audit log, code: P2002, status: 500',
  );
  expect(redact('POST /api/patients 500 12ms')).toBe('POST /api/patients 500 12ms');
});

test('any text comes out bounded, in one line, in bounded time', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 400 }), fc.constantFrom('a', '1', '/', '@', '"', '{', '=', ':', 'Aa ', '1-'), (text, filler) => {
      const redacted = redact(`${text}${filler.repeat(4_000)}`, 200);
      expect(Array.from(redacted).length).toBeLessThanOrEqual(200);
      expect(redacted).not.toContain('\n');
    }),
    { numRuns: 60 },
  );
});
