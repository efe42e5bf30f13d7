import { z } from 'zod';
import { rawText } from '#domain/base/text/foreign.ts';
import { HOUR, type Milliseconds } from '#domain/base/time.ts';
import type { ErrorIssue } from '#domain/checks/errors.ts';
import { askJson } from './http.ts';

/** Sentry's Web API as Gapwatch uses it: read-only. */
export type Sentry = {
  /** Issues of the project that were seen within the last `since`, the newest 500 at most. Throws a ServiceFailure. */
  readonly recentIssues: (since: Milliseconds) => Promise<readonly ErrorIssue[]>;
};

export type SentrySettings = { readonly url: string; readonly token: string; readonly organization: string; readonly project: string };

const PAGES = 5;

const issuesSchema = z.array(
  z.object({
    shortId: z.string().nullish(),
    id: z.string(),
    title: z.string().nullish(),
    culprit: z.string().nullish(),
    permalink: z.string().nullish(),
    count: z.coerce.number(),
    metadata: z.object({ value: z.string().nullish(), type: z.string().nullish() }).nullish(),
  }),
);

/** Connects to Sentry (docs.sentry.io, "List an Organization's Issues"). The token needs the scopes event:read and project:read. */
export function connectSentry({ url, token, organization, project }: SentrySettings): Sentry {
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  return {
    recentIssues: async (since) => {
      const query = new URLSearchParams({
        query: `project:${project}`,
        statsPeriod: `${Math.ceil(since / HOUR)}h`,
        sort: 'date',
        limit: '100',
      });
      const found: ErrorIssue[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < PAGES; page += 1) {
        if (cursor !== null) query.set('cursor', cursor);
        const address = `${url.replace(/\/$/, '')}/api/0/organizations/${encodeURIComponent(organization)}/issues/?${query}`;
        const { content, headers: answered } = await askJson('sentry', 'Sentry', address, { headers }, issuesSchema);
        found.push(...content.map(toIssue));
        cursor = nextCursor(answered.get('link') ?? '');
        if (cursor === null) break;
      }
      return found;
    },
  };
}

function toIssue({ shortId, id, title, culprit, permalink, count, metadata }: z.infer<typeof issuesSchema>[number]): ErrorIssue {
  const text = [title, culprit, metadata?.type, metadata?.value].filter((part) => typeof part === 'string').join('\n');
  return { shortId: shortId ?? id, text: rawText(text.slice(0, 5_000)), url: permalink ?? '', count };
}

/** Sentry pages by a Link header: `<…>; rel="next"; results="true"; cursor="…"`. */
function nextCursor(link: string): string | null {
  const next = link.split(',').find((part) => part.includes('rel="next"') && part.includes('results="true"'));
  return /cursor="([^"]+)"/.exec(next ?? '')?.[1] ?? null;
}
