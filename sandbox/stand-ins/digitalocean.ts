import { gzipSync } from 'node:zlib';
import { type Fault, type StandInAnswer, type StandInRequest, serveStandIn } from './http-stand-in.ts';

type Deployment = { readonly id: string; readonly cause: string; readonly phase: string; readonly at: number };

/** A stand-in for DigitalOcean: an app with deployments and a log, a database cluster with a disk. */
export type DigitalOceanStandIn = {
  readonly url: string;
  readonly token: string;
  readonly appId: string;
  readonly clusterId: string;
  readonly deployments: Deployment[];
  /** The running deployment's log; archived and compressed when `isArchived`. */
  readonly log: { lines: string[]; isArchived: boolean };
  readonly disk: { usedPercent: number | null; storageMib: number };
  fault: Fault | undefined;
  readonly close: () => Promise<void>;
};

const TOKEN = 'sandbox-digitalocean-token';
const APP = 'a6adf840-0000-4000-8000-000000000001';
const CLUSTER = 'b6bdf840-0000-4000-8000-000000000002';
const METRICS = { user: 'metrics', password: 'sandbox-metrics-password' } as const;

/** Starts it. Logs lie behind addresses that are signed by themselves and refuse our token, as DigitalOcean's object storage does. */
export async function startDigitalOcean(): Promise<DigitalOceanStandIn> {
  const server = await serveStandIn(
    (request) => carryOut(standIn, request),
    () => standIn.fault,
  );
  const standIn: DigitalOceanStandIn = {
    url: server.url,
    token: TOKEN,
    appId: APP,
    clusterId: CLUSTER,
    deployments: [],
    log: { lines: [], isArchived: false },
    disk: { usedPercent: 42, storageMib: 30_720 },
    fault: undefined,
    close: server.close,
  };
  return standIn;
}

function carryOut(standIn: DigitalOceanStandIn, { path, headers }: StandInRequest): StandInAnswer {
  const url = new URL(path, standIn.url);
  if (url.pathname === '/signed-log') return log(standIn, url, headers.authorization);
  if (url.pathname === '/metrics') return metrics(standIn, headers.authorization);
  if (headers.authorization !== `Bearer ${TOKEN}`) return json(401, { id: 'Unauthorized', message: 'Unable to authenticate you' });
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
