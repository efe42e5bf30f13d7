import { HOUR } from '#domain/base/time.ts';
import { type Fault, serveStandIn } from './http-stand-in.ts';

type Issue = {
  readonly shortId: string;
  readonly title: string;
  readonly value: string;
  readonly count: number;
  readonly lastSeenAt: number;
};

/** A stand-in for Sentry: the issues of one project, found by when they were seen last. */
export type SentryStandIn = {
  readonly url: string;
  readonly token: string;
  readonly issues: Issue[];
  fault: Fault | undefined;
  readonly close: () => Promise<void>;
};

const TOKEN = 'sandbox-sentry-token';
const PAGE = 2;

/** Starts it. `now` decides what "the last two hours" are. Refuses other tokens, organizations, projects and periods as Sentry does. */
export async function startSentry(now: () => number): Promise<SentryStandIn> {
  const issues: Issue[] = [];
  const server = await serveStandIn(
    ({ path, headers }) => {
      if (headers.authorization !== `Bearer ${TOKEN}`) return json(401, { detail: 'Invalid token' });
      const url = new URL(path, 'http://sentry');
      if (url.pathname !== '/api/0/organizations/clinic/issues/') return json(404, { detail: 'The requested resource does not exist' });
      if (url.searchParams.get('query') !== 'project:patient-portal') return json(400, { detail: 'Invalid query' });
      const hours = /^(\d+)h$/.exec(url.searchParams.get('statsPeriod') ?? '');
      if (!hours) return json(400, { detail: 'Invalid stats_period' });
      const seen = issues.filter(({ lastSeenAt }) => now() - lastSeenAt <= Number(hours[1]) * HOUR);
      const offset = Number(url.searchParams.get('cursor')?.split(':')[1] ?? 0);
      const hasMore = offset + PAGE < seen.length;
      const link = `<http://sentry/previous>; rel="previous"; results="false"; cursor="0:0:1", <http://sentry/next>; rel="next"; results="${hasMore}"; cursor="0:${offset + PAGE}:0"`;
      return { ...json(200, seen.slice(offset, offset + PAGE).map(toJson)), headers: { link } };
    },
    () => standIn.fault,
  );
  const standIn: SentryStandIn = { url: server.url, token: TOKEN, issues, fault: undefined, close: server.close };
  return standIn;
}

/** Counts come as text, as Sentry sends them. */
function toJson({ shortId, title, value, count }: Issue) {
  const permalink = `https://clinic.sentry.example/issues/${shortId}/`;
  return { id: shortId, shortId, title, culprit: null, permalink, count: String(count), metadata: { type: 'Error', value } };
}

function json(status: number, content: unknown) {
  return { status, body: JSON.stringify(content) };
}
