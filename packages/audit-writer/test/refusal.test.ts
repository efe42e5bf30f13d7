import { expect, test } from 'vitest';
import { isRefusal } from '../src/refusal.ts';

const failure = (properties: object) => Object.assign(new Error('the statement failed'), properties);
const adapterMeta = (originalCode: string) => ({ driverAdapterError: { cause: { kind: 'postgres', originalCode } } });

test.each([
  ["pg's check violation", { code: '23514' }],
  ["Prisma's unique constraint", { code: 'P2002' }],
  ["a raw statement of Prisma's engine", { code: 'P2010', meta: { code: '23502', message: 'null value' } }],
  ["a raw statement of Prisma's driver adapter", { code: 'P2010', meta: adapterMeta('22P02') }],
  ["a check violation of Prisma's driver adapter", { code: 'P2039', meta: adapterMeta('23514') }],
])('%s refuses the record itself', (_name, properties) => {
  expect(isRefusal(failure(properties))).toBe(true);
});

test.each([
  ['a missing permission', { code: '42501' }],
  ['a full disk', { code: '53100' }],
  ['no connection', { code: 'ECONNREFUSED' }],
  ["Prisma's unreachable server", { code: 'P1001' }],
  ['a raw statement without its table', { code: 'P2010', meta: { code: '42P01' } }],
  ['a raw statement of an unknown kind', { code: 'P2010', meta: { code: 'N/A' } }],
  ['a raw statement without its meta', { code: 'P2010' }],
  ['a constraint that is missing', { code: 'P2039', meta: adapterMeta('42P10') }],
  ['nothing known', {}],
])('%s says nothing about the record', (_name, properties) => {
  expect(isRefusal(failure(properties))).toBe(false);
});
