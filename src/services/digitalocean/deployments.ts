import { z } from 'zod';
import { redactLine } from '#domain/base/text/foreign.ts';
import type { Deployment } from '#domain/checks/deploys.ts';
import { askJson } from '#services/http.ts';
import { type Followed, type Orders, type Placed, placing } from '#services/long-running.ts';
import { connectApp, type DigitalOceanSettings } from './digitalocean.ts';

/** What remedies do with an app of DigitalOcean: restart it, roll it back, and follow either to its end. */
export type Deployments = {
  /** The newest deployments, newest first. */
  readonly list: () => Promise<readonly Deployment[]>;
  /** What DigitalOcean says of a rollback before it is ordered: null when nothing speaks against it. */
  readonly objection: (deploymentId: string) => Promise<string | null>;
  readonly restart: Orders;
  readonly rollback: Orders;
};

const deploymentSchema = z.object({ deployment: z.object({ id: z.string(), phase: z.string().nullish() }) });
const validationSchema = z.object({ valid: z.boolean().nullish(), error: z.object({ message: z.string().nullish() }).nullish() });

const ENDED: Readonly<Record<string, Followed['state']>> = {
  ACTIVE: 'succeeded',
  ERROR: 'failed',
  CANCELED: 'failed',
  SUPERSEDED: 'failed',
};

/** An app whose deployments may be ordered. The token needs `app:read` and `app:update`. Every method throws a ServiceFailure. */
export function connectDeployments(settings: DigitalOceanSettings, appId: string): Deployments {
  const base = `${settings.apiUrl.replace(/\/$/, '')}/v2/apps/${encodeURIComponent(appId)}`;
  const { deployments: list } = connectApp(settings, appId);
  const ask = async <Shape>(path: string, shape: z.ZodType<Shape>, body?: object): Promise<Shape> => {
    const headers = { authorization: `Bearer ${settings.token}`, accept: 'application/json', 'content-type': 'application/json' };
    const request = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
    return (await askJson('digitalocean', 'DigitalOcean', `${base}${path}`, request, shape)).content;
  };
  const placed = (id: string): Placed => ({ id, url: `https://cloud.digitalocean.com/apps/${appId}/deployments/${id}` });
  const order = (path: string, bodyOf: (target: string) => object): Orders => ({
    newest: async () => (await list())[0]?.id ?? '',
    place: async (target) => placed((await placing(ask(path, deploymentSchema, bodyOf(target)))).deployment.id),
    newSince: async (known) => {
      const all = await list();
      const at = all.findIndex(({ id }) => id === known);
      const oldest = (at === -1 ? all : all.slice(0, at)).at(-1);
      return oldest ? placed(oldest.id) : null;
    },
    follow: async (id) => {
      const { deployment } = await ask(`/deployments/${encodeURIComponent(id)}`, deploymentSchema);
      const phase = deployment.phase ?? 'UNKNOWN';
      return { state: ENDED[phase] ?? 'at-work', text: phase.toLowerCase().replaceAll('_', ' ') };
    },
  });
  return {
    list,
    objection: async (deployment_id) => {
      const { valid, error } = await ask('/rollback/validate', validationSchema, { deployment_id, skip_pin: false });
      return valid === false || error ? redactLine(error?.message ?? 'no reason given', 200) : null;
    },
    restart: order('/deployments', () => ({ force_build: false })),
    rollback: order('/rollback', (deployment_id) => ({ deployment_id, skip_pin: false })),
  };
}
