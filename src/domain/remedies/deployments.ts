import { between, formatDuration, formatUtc } from '#domain/base/time.ts';
import type { Deployment } from '#domain/checks/deploys.ts';
import { type Gap, ongoingGap } from '#domain/gap/gap.ts';

/** The deployment that runs now; null when none does. `deployments` are newest first. */
export function runningDeployment(deployments: readonly Deployment[]): Deployment | null {
  return deployments.find(({ phase }) => phase === 'ACTIVE') ?? null;
}

/** A deployment that is on its way, if one is: a second one beside it would be decided by chance. */
export function deploymentUnderWay(deployments: readonly Deployment[]): Deployment | null {
  return deployments.find(({ phase }) => UNDER_WAY.has(phase)) ?? null;
}

const UNDER_WAY: ReadonlySet<string> = new Set(['PENDING_BUILD', 'BUILDING', 'PENDING_DEPLOY', 'DEPLOYING']);

/** Phases of a deployment that once ran, and so can run again. */
const ONCE_RAN: ReadonlySet<string> = new Set(['ACTIVE', 'SUPERSEDED']);

/** The latest deployment before the gap that ran, and is not the one that runs now. Null when none is known. */
export function lastGoodDeployment(deployments: readonly Deployment[], gapStart: Date): Deployment | null {
  const running = runningDeployment(deployments);
  return (
    deployments.find(({ id, at, phase }) => at < suspectsFrom(deployments, gapStart) && ONCE_RAN.has(phase) && id !== running?.id) ?? null
  );
}

/** The newest deployment before the gap is the suspect; what is good lies before it. */
function suspectsFrom(deployments: readonly Deployment[], gapStart: Date): Date {
  return deployments.find(({ at, phase }) => at <= gapStart && ONCE_RAN.has(phase))?.at ?? gapStart;
}

/** Whether a deployment can be rolled back to. */
export function canRunAgain({ phase }: Deployment): boolean {
  return ONCE_RAN.has(phase);
}

/** The start of the gap that a remedy is about: the one that is open, else the last. */
export function gapStartOf(gaps: readonly Gap[]): Date | null {
  return (ongoingGap(gaps) ?? gaps.at(-1))?.start.at ?? null;
}

const SHOWN = 6;

/** The latest deployments as lines, newest first, with the gap's start in its place. */
export function deploymentLines(
  deployments: readonly Deployment[],
  gapStart: Date | null,
): readonly { readonly name: string; readonly value: string }[] {
  const lines = deployments
    .slice(0, SHOWN)
    .map(({ id, at, phase, cause }) => ({ at, name: formatUtc(at), value: `${id}, ${phase}: ${cause}` }));
  const mark = gapStart === null ? [] : [{ at: gapStart, name: formatUtc(gapStart), value: '— the gap starts —' }];
  return [...lines, ...mark].toSorted((one, other) => between(one.at, other.at)).map(({ name, value }) => ({ name, value }));
}

/** How long ago a deployment began, for people. */
export function ageOf({ at }: Deployment, now: Date): string {
  return `${formatDuration(between(at, now))} ago`;
}
