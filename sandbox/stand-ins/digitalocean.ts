import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { type Fault, type StandInAnswer, type StandInRequest, serveStandIn } from './http-stand-in.ts';

type Deployment = { readonly id: string; readonly cause: string; phase: string; readonly at: number };

/** A stand-in for DigitalOcean: an app with deployments and a log, a database cluster with a disk. */
export type DigitalOceanStandIn = {
  readonly url: string;
  readonly token: string;
  readonly appId: string;
  readonly clusterId: string;
  readonly now: () => number;
  readonly deployments: Deployment[];
  /** The running deployment's log; archived and compressed when `isArchived`. */
  readonly log: { lines: string[]; isArchived: boolean };
  readonly disk: { usedPercent: number | null; storageMib: number };
  /** What stands against a rollback, and the phase in which the next deployment ends. */
  objection: string | null;
  endsAs: 'ACTIVE' | 'ERROR';
  /** Told when an ordered deployment has become the running one; `target` is what was rolled back to, null for a restart. */
  onActive: (target: string | null) => Promise<void> | void;
  /** Told after an order was taken, before it is answered. */
  afterDelivery: ((request: StandInRequest) => Promise<void> | void) | undefined;
  fault: ((request: StandInRequest) => Fault | undefined) | Fault | undefined;
  readonly close: () => Promise<void>;
};

const TOKEN = 'sandbox-digitalocean-token';
const APP = 'a6adf840-0000-4000-8000-000000000001';
const CLUSTER = 'b6bdf840-0000-4000-8000-000000000002';
const METRICS = { user: 'metrics', password: 'sandbox-metrics-password' } as const;

/** Starts it. Logs lie behind addresses that are signed by themselves and refuse our token, as DigitalOcean's object storage does. */
export async function startDigitalOcean(now: () => number): Promise<DigitalOceanStandIn> {
  const targets = new Map<string, string | null>();
  const server = await serveStandIn(
    (request) => carryOut(standIn, request, targets),
    (request) => (typeof standIn.fault === 'function' ? standIn.fault(request) : standIn.fault),
    (request) => standIn.afterDelivery?.(request),
  );
  const standIn: DigitalOceanStandIn = {
    url: server.url,
    token: TOKEN,
    appId: APP,
    clusterId: CLUSTER,
    now,
    deployments: [],
    log: { lines: [], isArchived: false },
    disk: { usedPercent: 42, storageMib: 30_720 },
    objection: null,
    endsAs: 'ACTIVE',
    onActive: () => undefined,
    afterDelivery: undefined,
    fault: undefined,
    close: server.close,
  };
  return standIn;
}

async function carryOut(
  standIn: DigitalOceanStandIn,
  request: StandInRequest,
  targets: Map<string, string | null>,
): Promise<StandInAnswer> {
  const { path, headers, method } = request;
  const url = new URL(path, standIn.url);
  if (url.pathname === '/signed-log') return log(standIn, url, headers.authorization);
  if (url.pathname === '/metrics') return metrics(standIn, headers.authorization);
  if (headers.authorization !== `Bearer ${TOKEN}`) return json(401, { id: 'Unauthorized', message: 'Unable to authenticate you' });
  if (method === 'POST') return takeOrder(standIn, url.pathname, request, targets);
  const one = new RegExp(`^/v2/apps/${APP}/deployments/([\\w-]+)$`).exec(url.pathname)?.[1];
  if (one !== undefined) return followed(standIn, one, targets);
  switch (url.pathname) {
    case `/v2/apps/${APP}/deployments`:
      return json(200, { deployments: standIn.deployments.map(toJson), links: {}, meta: { total: standIn.deployments.length } });
    case `/v2/apps/${APP}/logs`: {
      if (url.searchParams.get('type') !== 'RUN') return json(400, { id: 'bad_request', message: 'type is required' });
      const address = `${standIn.url}/signed-log?signature=sandbox`;
      return json(
        200,
        standIn.log.isArchived ? { historic_urls: [address] } : { live_url: address.replace('http', 'ws'), historic_urls: [] },
      );
    }
    case '/v2/databases/metrics/credentials':
      return json(200, { credentials: { basic_auth_username: METRICS.user, basic_auth_password: METRICS.password } });
    case `/v2/databases/${CLUSTER}`: {
      const { hostname, port } = new URL(standIn.url);
      const endpoints = standIn.disk.usedPercent === null ? [] : [{ host: hostname, port: Number(port) }];
      return json(200, {
        database: { id: CLUSTER, engine: 'pg', storage_size_mib: standIn.disk.storageMib, metrics_endpoints: endpoints },
      });
    }
    default:
      return json(404, { id: 'not_found', message: 'The resource you requested could not be found.' });
  }
}

const rollbackSchema = z.strictObject({ deployment_id: z.string(), skip_pin: z.boolean() });
const restartSchema = z.strictObject({ force_build: z.boolean() });

/** A new deployment, as a restart or a rollback makes it. One at a time, and a rollback only to what once ran. */
function takeOrder(
  standIn: DigitalOceanStandIn,
  path: string,
  { body }: StandInRequest,
  targets: Map<string, string | null>,
): StandInAnswer {
  const { deployments } = standIn;
  const content: unknown = JSON.parse(body.toString() || 'null');
  if (path.endsWith('/rollback/validate')) {
    const valid = standIn.objection === null;
    return json(200, valid ? { valid } : { valid, error: { code: 'incompatible_result', message: standIn.objection } });
  }
  if (deployments.some(({ phase }) => UNDER_WAY.includes(phase)))
    return json(409, { id: 'conflict', message: 'a deployment is in progress' });
  const target = path === `/v2/apps/${APP}/rollback` ? rollbackSchema.parse(content).deployment_id : null;
  if (target === null) restartSchema.parse(content);
  else if (!deployments.some(({ id, phase }) => id === target && phase === 'SUPERSEDED'))
    return json(400, { id: 'bad_request', message: 'cannot rollback' });
  const id = `deployment-${deployments.length + 1}`;
  targets.set(id, target);
  deployments.unshift({ id, cause: target === null ? 'manual' : `rollback to ${target}`, phase: 'PENDING_BUILD', at: standIn.now() });
  return json(200, { deployment: { id, phase: 'PENDING_BUILD' } });
}

const UNDER_WAY = ['PENDING_BUILD', 'BUILDING', 'PENDING_DEPLOY', 'DEPLOYING'];

/** Each time it is looked at, a deployment is a phase further. */
async function followed(standIn: DigitalOceanStandIn, id: string, targets: ReadonlyMap<string, string | null>): Promise<StandInAnswer> {
  const deployment = standIn.deployments.find((each) => each.id === id);
  if (!deployment) return json(404, { id: 'not_found', message: 'deployment not found' });
  const at = UNDER_WAY.indexOf(deployment.phase);
  const next = UNDER_WAY[at + 1] ?? standIn.endsAs;
  if (at >= 0) deployment.phase = next;
  if (at >= 0 && next === 'ACTIVE') {
    for (const other of standIn.deployments) if (other !== deployment && other.phase === 'ACTIVE') other.phase = 'SUPERSEDED';
    await standIn.onActive(targets.get(id) ?? null);
  }
  return json(200, { deployment: { id, phase: deployment.phase } });
}

function toJson({ id, cause, phase, at }: Deployment) {
  return { id, cause, phase, created_at: new Date(at).toISOString(), updated_at: new Date(at).toISOString() };
}

function log(standIn: DigitalOceanStandIn, url: URL, authorization: string | undefined): StandInAnswer {
  if (authorization !== undefined || url.searchParams.get('signature') !== 'sandbox') return { status: 403, body: 'SignatureDoesNotMatch' };
  const text = `${standIn.log.lines.join('\n')}\n`;
  return { status: 200, body: standIn.log.isArchived ? gzipSync(text) : text };
}

function metrics(standIn: DigitalOceanStandIn, authorization: string | undefined): StandInAnswer {
  const expected = `Basic ${Buffer.from(`${METRICS.user}:${METRICS.password}`).toString('base64')}`;
  if (authorization !== expected) return { status: 401, body: '' };
  const text = `# TYPE disk_used_percent gauge\ndisk_used_percent{host="db-1",path="/"} ${standIn.disk.usedPercent}\ncpu_usage_idle 93.1\n`;
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: text };
}

function json(status: number, content: unknown): StandInAnswer {
  return { status, body: JSON.stringify(content) };
}
