import { z } from 'zod';
import type { World } from './world.ts';

/** The watch raises alerts; everything else is the runbook's own. */
export const WATCHING = 'watch: { mode: alert }';
/** With a round a minute, for stories in which much time passes. */
export const WATCHING_SLOWLY = 'watch: { mode: alert, every: 1m }';

const SECONDS_A_ROUND = 15;

/** Lets time pass round by round, as the watch sees it, the clinic writing a record in each while it `writes`. */
export async function roundsPass(
  world: World,
  minutes: number,
  writes: 'writes' | 'is silent' = 'is silent',
  secondsARound = SECONDS_A_ROUND,
): Promise<void> {
  for (let round = 0; round < (minutes * 60) / secondsARound; round += 1) {
    await world.settles();
    await world.moves(secondsARound / 60);
    if (writes === 'writes') await world.clinic.writes(new Date(world.clock.now() - 1_000));
    await world.settles();
  }
}

/** Lets rounds pass until PagerDuty has an alert whose title begins with `name`; answers how long after noon that was, in seconds. */
export async function secondsUntilAlert(world: World, name: string, noon: number, secondsARound = SECONDS_A_ROUND): Promise<number> {
  for (let round = 0; round < 60; round += 1) {
    if (alertsNamed(world, name).length > 0) return (world.clock.now() - noon) / 1_000;
    await roundsPass(world, secondsARound / 60, 'is silent', secondsARound);
  }
  throw new Error(`no alert ${name} in fifteen minutes: ${titles(world).join('; ')}`);
}

/** PagerDuty's incidents whose title begins with `name`. */
export function alertsNamed({ pagerduty }: World, name: string) {
  return [...pagerduty.incidents.values()].filter(({ title }) => title.startsWith(name));
}

/** The titles of all PagerDuty's incidents, oldest first. */
export function titles({ pagerduty }: World): readonly string[] {
  return [...pagerduty.incidents.values()].map(({ title }) => title);
}

/** A figure of /metrics; null when it is absent. */
export async function metric(world: World, name: string): Promise<number | null> {
  const body = z.string().parse(await (await fetch(`${world.botUrl()}/metrics`)).text());
  const line = body.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? null : Number(line.split(' ')[1]);
}
