import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { stripVTControlCharacters } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { redactLine } from '#domain/base/text/foreign.ts';
import type { Deployment } from '#domain/checks/deploys.ts';
import type { Disk } from '#domain/checks/storage.ts';
import { ServiceFailure } from '#services/failure.ts';
import { askJson } from '#services/http.ts';

/** DigitalOcean's API as Gapwatch uses it: deployments and logs of an app, the disk of a database cluster. Read-only. */
export type DigitalOceanApp = {
  /** The newest deployments, newest first. */
  readonly deployments: () => Promise<readonly Deployment[]>;
  /** The running deployment's log as far as it is kept, oldest line first; the newest part of it when it is too long. */
  readonly logs: () => Promise<{ readonly lines: readonly string[]; readonly isCut: boolean }>;
};
export type DigitalOceanCluster = { readonly disk: () => Promise<Disk> };

export type DigitalOceanSettings = { readonly apiUrl: string; readonly token: string };

const LOG_LIMIT = 8 * 1024 * 1024;
/** A live log stays open; when it says nothing for this long, what was read is all there is. */
const QUIET_MILLISECONDS = 2_000;
const LOG_MILLISECONDS = 15_000;

const deploymentsSchema = z.object({
  deployments: z
    .array(
      z.object({ id: z.string(), cause: z.string().nullish(), phase: z.string().nullish(), created_at: z.iso.datetime({ offset: true }) }),
    )
    .nullish(),
});
const logsSchema = z.object({ live_url: z.string().nullish(), historic_urls: z.array(z.string()).nullish() });
const credentials = z.object({ basic_auth_username: z.string(), basic_auth_password: z.string() });
/** The published schema nests the credentials twice, the examples once. */
const credentialsSchema = z.object({
  credentials: z.union([credentials, z.object({ credentials }).transform((outer) => outer.credentials)]),
});
const clusterSchema = z.object({
  database: z.object({
    storage_size_mib: z.coerce.number().nullish(),
    metrics_endpoints: z.array(z.object({ host: z.string(), port: z.number() })).nullish(),
  }),
});
const caSchema = z.object({ ca: z.object({ certificate: z.string() }) });

/** An app of DigitalOcean's App Platform. The token needs `app:read`. Every method throws a {@link ServiceFailure}. */
export function connectApp(settings: DigitalOceanSettings, appId: string): DigitalOceanApp {
  const app = `/v2/apps/${encodeURIComponent(appId)}`;
  return {
    deployments: async () => {
      const { deployments } = await get(settings, `${app}/deployments?page=1&per_page=50`, deploymentsSchema);
      return (deployments ?? []).map(({ id, cause, phase, created_at }) => ({
        id,
        at: new Date(created_at),
        phase: phase ?? 'UNKNOWN',
        cause: redactLine(cause ?? 'no cause given', 120),
      }));
    },
    logs: async () => {
      const { live_url, historic_urls } = await get(settings, `${app}/logs?type=RUN&follow=false`, logsSchema);
      const address = live_url || historic_urls?.[0];
      if (!address) throw new ServiceFailure('digitalocean', 'refused', 'DigitalOcean keeps no log of the running deployment');
      const { body, isCut } = await download(address.replace(/^ws/, 'http'));
      const lines = body.split('\n').filter((line) => line.trim() !== '');
      // The first line of a cut log is most likely half a line.
      return { lines: isCut ? lines.slice(1) : lines, isCut };
    },
  };
}

/** A database cluster. The token needs `database:read`. Throws a {@link ServiceFailure}. */
export function connectCluster(settings: DigitalOceanSettings, clusterId: string): DigitalOceanCluster {
  const cluster = `/v2/databases/${encodeURIComponent(clusterId)}`;
  return {
    disk: async () => {
      const { database } = await get(settings, cluster, clusterSchema);
      const totalBytes = database.storage_size_mib ? database.storage_size_mib * 1_048_576 : null;
      const [endpoint] = database.metrics_endpoints ?? [];
      if (!endpoint) return { usedPercent: null, totalBytes };
      // The metrics live on the database's own host; when that does not answer, the size still allows an estimate.
      const usedPercent = await metrics(settings, cluster, endpoint).catch((error: unknown) => {
        if (error instanceof ServiceFailure && totalBytes !== null) return null;
        throw error;
      });
      return { usedPercent, totalBytes };
    },
  };
}

async function get<Shape>({ apiUrl, token }: DigitalOceanSettings, path: string, shape: z.ZodType<Shape>): Promise<Shape> {
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  return (await askJson('digitalocean', 'DigitalOcean', `${apiUrl.replace(/\/$/, '')}${path}`, { headers }, shape)).content;
}

type Endpoint = { readonly host: string; readonly port: number };

/** The disk's use from the cluster's Prometheus endpoint, which has its own password and a certificate of the cluster's own authority. */
async function metrics(settings: DigitalOceanSettings, cluster: string, { host, port }: Endpoint): Promise<number | null> {
  const { credentials: found } = await get(settings, '/v2/databases/metrics/credentials', credentialsSchema);
  const { basic_auth_username: user, basic_auth_password: password } = found;
  // Without TLS only where the API itself is asked without it: on a developer's own machine.
  const isPlain = settings.apiUrl.startsWith('http:');
  const ca = isPlain ? '' : Buffer.from((await get(settings, `${cluster}/ca`, caSchema)).ca.certificate, 'base64').toString('utf8');
  const { body } = await download(`${isPlain ? 'http' : 'https'}://${host}:${port}/metrics`, { auth: `${user}:${password}`, ca });
  return diskUsedPercent(body);
}

/** The fullest disk that a Prometheus text names: `disk_used_percent{…} 42.1`. Null when it names none. */
export function diskUsedPercent(text: string): number | null {
  const values = [...text.matchAll(/^disk_used_percent(?:\{[^}]*\})?\s+([\d.e+-]+)/gm)].map(([, value]) => Number(value));
  return values.length === 0 ? null : Math.max(...values);
}

type Download = { readonly body: string; readonly isCut: boolean };

/**
 * Reads an address to its end, or until it has been quiet for two seconds, and keeps the last 8 MB. Addresses of logs are signed by
 * themselves: our token does not go there.
 */
function download(url: string, options: { readonly auth?: string; readonly ca?: string } = {}): Promise<Download> {
  const { promise, resolve, reject } = Promise.withResolvers<Download>();
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const signal = AbortSignal.timeout(LOG_MILLISECONDS);
  const chunks: Buffer[] = [];
  let size = 0;
  let isCut = false;
  const fail = (cause: unknown) => reject(new ServiceFailure('digitalocean', 'unavailable', "DigitalOcean's download failed", { cause }));
  const outgoing = send(
    url,
    { signal, ...(options.auth ? { auth: options.auth } : {}), ...(options.ca ? { ca: options.ca } : {}) },
    (answer) => {
      if (answer.statusCode !== 200) {
        answer.resume();
        reject(new ServiceFailure('digitalocean', 'refused', `DigitalOcean's download was answered ${answer.statusCode}`));
        return;
      }
      const done = () => {
        resolve({ body: textOf(Buffer.concat(chunks)), isCut });
        outgoing.destroy();
      };
      const quiet = setTimeout(done, QUIET_MILLISECONDS);
      answer.on('data', (chunk: Buffer) => {
        quiet.refresh();
        chunks.push(chunk);
        size += chunk.length;
        while (size > LOG_LIMIT && chunks.length > 1) {
          size -= chunks.shift()?.length ?? 0;
          isCut = true;
        }
      });
      answer.on('end', done);
      answer.on('close', () => clearTimeout(quiet));
      answer.on('error', fail);
    },
  );
  outgoing.on('error', fail);
  outgoing.end();
  return promise;
}

/** Archived logs may be compressed; programs colour what they write for a terminal. */
function textOf(bytes: Buffer): string {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return stripVTControlCharacters((isGzip ? gunzipSync(bytes, { maxOutputLength: 8 * LOG_LIMIT }) : bytes).toString('utf8'));
}
