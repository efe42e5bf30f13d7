import { expect, test } from 'vitest';
import { MINUTE } from '#domain/base/time.ts';
import { HOSPITAL, PRACTICE } from '#sandbox/watched-days/traffic.ts';
import { falseAlarms, plantFailures } from '#sandbox/watched-days/trial.ts';

test.each([HOSPITAL, PRACTICE])('thirty days of a $name, clocks going back among them → no alarm at all', (context) => {
  const { records, alarms } = falseAlarms(context, 30);
  expect(records).toBeGreaterThan(200_000);
  expect(alarms).toEqual([]);
});

test('fifty planted failures → each is found, refused writes within two minutes and two rounds', () => {
  const found = plantFailures(50);
  expect(found.filter(({ by }) => by === null)).toEqual([]);
  const refused = found.filter(({ failure }) => failure.kind === 'refused');
  expect(refused.length).toBeGreaterThan(5);
  for (const { after } of refused) expect(after).toBeLessThanOrEqual(2.5 * MINUTE);
});
