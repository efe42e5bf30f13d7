import type { Deployment } from '#domain/checks/deploys.ts';
import type { Gap } from '#domain/gap/gap.ts';
import {
  ageOf,
  canRunAgain,
  deploymentLines,
  deploymentUnderWay,
  gapStartOf,
  lastGoodDeployment,
  runningDeployment,
} from './deployments.ts';
import type { Planned } from './plan.ts';

/** Runbook step 11: back to the last good deployment before the gap, or to the one that was named. */
export function planRollback(deployments: readonly Deployment[], named: string, gaps: readonly Gap[], now: Date): Planned {
  const running = runningDeployment(deployments);
  if (running === null) return { impossible: 'DigitalOcean names no running deployment, so there is nothing to roll back from.' };
  const underWay = deploymentUnderWay(deployments);
  if (underWay) return { impossible: `Deployment ${underWay.id} is on its way (${underWay.phase}): wait for its end, then plan again.` };
  const gapStart = gapStartOf(gaps);
  const known = deployments.filter(canRunAgain).map(({ id }) => id);
  const choose = known.length === 0 ? '' : ` Those known: ${known.slice(0, 6).join(', ')}.`;
  if (named === '' && gapStart === null)
    return {
      impossible: `No gap is known, so no deployment can be called the last good one. Name it: /remedy rollback <deployment>.${choose}`,
    };
  const target = named === '' ? lastGoodDeployment(deployments, gapStart ?? now) : deployments.find(({ id }) => id === named);
  if (!target) {
    return {
      impossible:
        named === ''
          ? `DigitalOcean knows no earlier deployment that ran before the suspect.${choose}`
          : `DigitalOcean knows no deployment ${named.slice(0, 60)}.${choose}`,
    };
  }
  if (target.id === running.id) return { impossible: `Deployment ${target.id} runs already.` };
  if (!canRunAgain(target))
    return { impossible: `Deployment ${target.id} never ran (${target.phase}), so it can't be gone back to.${choose}` };
  return {
    plan: {
      target: target.id,
      what: `Roll the application back from ${running.id} to ${target.id} (runbook step 11).`,
      figures: [
        { name: 'Running now', value: `${running.id}, ${running.cause}, began ${ageOf(running, now)}` },
        {
          name: 'Back to',
          value: `${target.id}, ${target.cause}, began ${ageOf(target, now)}${named === '' ? '; the last one that ran before the suspect' : ''}`,
        },
        ...deploymentLines(deployments, gapStart),
      ],
      takes: 'a few minutes: DigitalOcean deploys what was built then',
      risks: [
        'Whatever was released since is gone with it, fixes included.',
        'The database stays as it is: an older release must still understand its schema.',
        'DigitalOcean pins the app to the old deployment: nothing newer is deployed until somebody commits or reverts the rollback there.',
      ],
      back: `/remedy rollback ${running.id}, or revert the rollback at DigitalOcean`,
      basis: `${running.id} to ${target.id}`,
    },
  };
}
