import { expect, test } from 'vitest';
import { openGate } from '#services/database/connection-limit.ts';

test('two works pass at the same time, a third one when one of them is over, in the order they came', async () => {
  const gate = openGate(2);
  const seen: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) =>
    gate.pass(() => {
      seen.push(name);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    });
  const all = Promise.all(['one', 'two', 'three', 'four'].map(work));
  await Promise.resolve();
  expect(seen).toEqual(['one', 'two']);
  ends.get('two')?.();
  await expect.poll(() => seen).toEqual(['one', 'two', 'three']);
  for (const name of ['one', 'three']) ends.get(name)?.();
  await expect.poll(() => seen).toEqual(['one', 'two', 'three', 'four']);
  ends.get('four')?.();
  await all;
});

test('a work that fails leaves its place', async () => {
  const gate = openGate(1);
  await expect(gate.pass(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await gate.pass(async () => 'next')).toBe('next');
});
