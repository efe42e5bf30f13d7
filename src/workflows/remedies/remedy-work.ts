import type { Incident } from '#domain/incident/state.ts';
import { cutoffOf, parseArchive, planArchive } from '#domain/remedies/archive.ts';
import { planHotfix } from '#domain/remedies/hotfix.ts';
import type { RemedyName } from '#domain/remedies/index.ts';
import type { Planned } from '#domain/remedies/plan.ts';
import { planRecreation } from '#domain/remedies/recreate-table.ts';
import { planRestart } from '#domain/remedies/restart.ts';
import { planRollback } from '#domain/remedies/rollback.ts';
import type { Orders } from '#services/long-running.ts';
import { checkVerdict } from '#workflows/checks/verdict.ts';
import type { AppContext, Optional } from '#workflows/context.ts';
import { diskUse } from './run-archive.ts';

/**
 * What a remedy does with the services. `plan` asks them what is there now, and changes nothing; `orders` is what it orders once and then
 * follows: null for one that takes steps of its own, or whose settings are gone.
 */
type RemedyWork = {
  readonly plan: (context: AppContext, incident: Incident, argument: string) => Promise<Planned>;
  readonly orders: (context: AppContext) => Orders | null;
};

/** The work of each remedy. A ServiceFailure of a plan is its caller's. */
export const REMEDY_WORK: { readonly [Name in RemedyName]: RemedyWork } = {
  archive: { plan: planOfArchive, orders: () => null },
  restart: {
    plan: ({ sources, now }) => configured(sources.deployments, async (deployments) => planRestart(await deployments.list(), now())),
    orders: ({ sources }) => serviceOf(sources.deployments)?.restart ?? null,
  },
  rollback: { plan: planOfRollback, orders: ({ sources }) => serviceOf(sources.deployments)?.rollback ?? null },
  hotfix: { plan: planOfHotfix, orders: ({ sources, policy }) => serviceOf(sources.workflows)?.orders(policy.hotfixWorkflow) ?? null },
  'recreate-table': { plan: planOfRecreation, orders: () => null },
};

function planOfArchive(context: AppContext, _incident: Incident, argument: string): Promise<Planned> {
  const { sources, policy } = context;
  return configured(sources.bucket, (bucket) =>
    configured(sources.archive, async (archive) => {
      const options = parseArchive(argument);
      if ('wrong' in options) return { impossible: options.wrong };
      const now = context.now();
      const { table, archivable } = await archive.inventory(cutoffOf(now, policy));
      const inventory = { archivable, bucket: await bucket.describe(), usedPercent: await diskUse(context), table: table.name };
      return planArchive(inventory, options, now, policy);
    }),
  );
}

function planOfRollback({ sources, now }: AppContext, { gaps }: Incident, argument: string): Promise<Planned> {
  return configured(sources.deployments, async (deployments) => {
    const planned = planRollback(await deployments.list(), argument, gaps, now());
    const objection = 'plan' in planned ? await deployments.objection(planned.plan.target) : null;
    return objection === null ? planned : { impossible: `DigitalOcean objects to this rollback: ${objection.slice(0, 200)}.` };
  });
}

function planOfHotfix({ sources, policy }: AppContext, _incident: Incident, argument: string): Promise<Planned> {
  return configured(sources.workflows, async (workflows) => {
    const commit = await workflows.commitOf(argument);
    const underWay = await workflows.underWay(policy.hotfixWorkflow);
    return planHotfix({ ...commit, underWay }, argument, policy.hotfixWorkflow, workflows.repository);
  });
}

function planOfRecreation(context: AppContext, _incident: Incident, argument: string): Promise<Planned> {
  const { sources, auditTable } = context;
  return configured(sources.migrations, (migrations) =>
    configured(sources.recreation, async (recreation) => {
      const schema = await checkVerdict(context, 'schema', '');
      return planRecreation({ tableName: auditTable.tableName, status: await recreation.status(), schema, migrations }, argument);
    }),
  );
}

function serviceOf<Service>(source: Optional<Service>): Service | null {
  return 'service' in source ? source.service : null;
}

async function configured<Service>(source: Optional<Service>, plan: (service: Service) => Promise<Planned>): Promise<Planned> {
  return 'service' in source ? plan(source.service) : { impossible: `It is not configured: set ${source.missing.join(', ')}.` };
}
