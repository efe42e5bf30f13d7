import type { Deployment } from '#domain/checks/deploys.ts';
import { ageOf, deploymentUnderWay, runningDeployment } from './deployments.ts';
import type { Planned } from './plan.ts';

/** Runbook step 12: a new deployment of what runs now, which starts every instance anew. */
export function planRestart(deployments: readonly Deployment[], now: Date): Planned {
  const running = runningDeployment(deployments);
  if (running === null) return { impossible: 'DigitalOcean names no running deployment, so there is nothing to start anew.' };
  const underWay = deploymentUnderWay(deployments);
  if (underWay) return { impossible: `Deployment ${underWay.id} is on its way (${underWay.phase}): wait for its end, then plan again.` };
  return {
    plan: {
      target: running.id,
      what: 'Start all instances of the application anew, by a new deployment of what runs now (runbook step 12).',
      figures: [{ name: 'Running now', value: `${running.id}, ${running.cause}, began ${ageOf(running, now)}` }],
      takes: 'a few minutes: DigitalOcean builds the same source again and replaces the instances one after the other',
      risks: [
        'Requests that are being served by an instance end with it.',
        'When the source branch has moved on, the newer source is deployed.',
        'A cause in the code or in the database stays.',
      ],
      back: `/remedy rollback ${running.id}`,
      basis: running.id,
    },
  };
}
