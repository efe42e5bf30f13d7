import { z } from 'zod';
import { redactLine } from '#domain/base/text/foreign.ts';
import { ServiceFailure } from '#services/failure.ts';
import { askJson, http, parseJson } from '#services/http.ts';
import { type Followed, type Orders, placing } from '#services/long-running.ts';
import type { GitHubSettings } from './github.ts';

/** What the remedy hotfix does at GitHub: look a ref up, run a workflow on it, and follow the run. */
export type WorkflowRuns = {
  readonly repository: string;
  /** The ref's commit. A ref that GitHub does not know is a refused ServiceFailure. */
  readonly commitOf: (ref: string) => Promise<{ readonly sha: string; readonly title: string }>;
  /** The run of the workflow that is under way, as its link; null when none is. */
  readonly underWay: (workflow: string) => Promise<string | null>;
  readonly orders: (workflow: string) => Orders;
};

const commitSchema = z.object({ sha: z.string(), commit: z.object({ message: z.string() }) });
const runSchema = z.object({ id: z.number(), html_url: z.string(), status: z.string().nullish(), conclusion: z.string().nullish() });
const runsSchema = z.object({ workflow_runs: z.array(runSchema) });
const detailsSchema = z.object({ workflow_run_id: z.number(), html_url: z.string() });

/**
 * Connects to GitHub Actions ("Create a workflow dispatch event"). A fine-grained token needs "Contents: read" and "Actions: read and
 * write" for the repository. Every method throws a ServiceFailure.
 */
export function connectWorkflowRuns({ apiUrl, token, repository }: GitHubSettings): WorkflowRuns {
  const base = `${apiUrl.replace(/\/$/, '')}/repos/${repository}`;
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
    'user-agent': 'gapwatch',
  };
  const get = async <Shape>(path: string, shape: z.ZodType<Shape>) =>
    (await askJson('github', 'GitHub', `${base}${path}`, { headers }, shape)).content;
  const runsOf = async (workflow: string) =>
    (await get(`/actions/workflows/${encodeURIComponent(workflow)}/runs?event=workflow_dispatch&per_page=20`, runsSchema)).workflow_runs;
  const dispatch = async (workflow: string, ref: string) => {
    const url = `${base}/actions/workflows/${encodeURIComponent(workflow)}/dispatches`;
    const body = JSON.stringify({ ref, return_run_details: true });
    const answer = await placing(
      http('github', url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body }),
    );
    if (answer.status === 204) return null;
    const details = answer.status === 200 ? detailsSchema.safeParse(parseJson(answer.body)) : null;
    if (details?.success) return { id: String(details.data.workflow_run_id), url: details.data.html_url };
    if (answer.status >= 500 || answer.status === 200)
      throw new ServiceFailure('github', 'unclear', `GitHub answered ${answer.status} to the dispatch`);
    throw new ServiceFailure(
      'github',
      'refused',
      `GitHub refuses to run ${workflow} on this ref (${answer.status}); has the workflow a workflow_dispatch trigger there?`,
    );
  };
  return {
    repository,
    commitOf: async (ref) => {
      const { sha, commit } = await get(`/commits/${ref.split('/').map(encodeURIComponent).join('/')}`, commitSchema);
      return { sha, title: redactLine(commit.message.split('\n')[0] ?? '', 120) };
    },
    underWay: async (workflow) => (await runsOf(workflow)).find(({ status }) => status !== 'completed')?.html_url ?? null,
    orders: (workflow) => ({
      newest: async () => String(Math.max(0, ...(await runsOf(workflow)).map(({ id }) => id))),
      place: (ref) => dispatch(workflow, ref),
      newSince: async (known) => {
        const newer = (await runsOf(workflow)).filter(({ id }) => id > Number(known)).toSorted((one, other) => one.id - other.id)[0];
        return newer ? { id: String(newer.id), url: newer.html_url } : null;
      },
      follow: async (id) => stateOf(await get(`/actions/runs/${encodeURIComponent(id)}`, runSchema)),
    }),
  };
}

function stateOf({ status, conclusion }: z.infer<typeof runSchema>): Followed {
  if (status !== 'completed') return { state: 'at-work', text: (status ?? 'unknown').replaceAll('_', ' ') };
  return { state: conclusion === 'success' ? 'succeeded' : 'failed', text: (conclusion ?? 'no conclusion').replaceAll('_', ' ') };
}
