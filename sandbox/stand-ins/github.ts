import { z } from 'zod';
import { type Fault, type StandInAnswer, type StandInRequest, serveStandIn } from './http-stand-in.ts';

type Commit = { readonly sha: string; readonly message: string; readonly at: number; readonly paths: readonly string[] };

type Run = { readonly id: number; readonly ref: string; status: string; conclusion: string | null };

/** A stand-in for GitHub: the commits of one repository's default branch. */
export type GitHubStandIn = {
  readonly url: string;
  readonly token: string;
  readonly repository: string;
  readonly commits: Commit[];
  /** Branches, by the commit they stand on. */
  readonly branches: Map<string, string>;
  readonly runs: Run[];
  /** How the next run ends, and whether a dispatch says which run it made, as GitHub has done since 2026. */
  concludesAs: 'success' | 'failure';
  tellsRun: boolean;
  onSuccess: (ref: string) => Promise<void> | void;
  fault: ((request: StandInRequest) => Fault | undefined) | Fault | undefined;
  readonly close: () => Promise<void>;
};

const TOKEN = 'sandbox-github-token';
const REPOSITORY = 'clinic/patient-portal';

/** Starts it. Refuses a request without a user agent, a wrong token and an unknown repository as GitHub does. */
export async function startGitHub(): Promise<GitHubStandIn> {
  const commits: Commit[] = [];
  const server = await serveStandIn(
    (request) => {
      const { path, headers } = request;
      if (!headers['user-agent']) return json(403, { message: 'Request forbidden by administrative rules.' });
      if (headers.authorization !== `Bearer ${TOKEN}`) return json(401, { message: 'Bad credentials' });
      const url = new URL(path, 'http://github');
      const action = actions(standIn, url, request);
      if (action !== null) return action;
      if (url.pathname !== `/repos/${REPOSITORY}/commits`) return json(404, { message: 'Not Found' });
      const since = Date.parse(url.searchParams.get('since') ?? '');
      const touched = url.searchParams.get('path');
      const found = commits.filter(({ at, paths }) => at >= since && (touched === null || paths.includes(touched)));
      return json(200, found.toSorted((one, other) => other.at - one.at).map(toJson));
    },
    (request) => (typeof standIn.fault === 'function' ? standIn.fault(request) : standIn.fault),
  );
  const standIn: GitHubStandIn = {
    url: server.url,
    token: TOKEN,
    repository: REPOSITORY,
    commits,
    branches: new Map(),
    runs: [],
    concludesAs: 'success',
    tellsRun: true,
    onSuccess: () => undefined,
    fault: undefined,
    close: server.close,
  };
  return standIn;
}

const dispatchSchema = z.strictObject({ ref: z.string(), return_run_details: z.boolean() });
const WORKFLOW = `/repos/${REPOSITORY}/actions/workflows/deploy-production.yml`;

/** GitHub Actions: a ref's commit, the workflow's runs and a dispatch. Null for anything else. */
function actions(
  standIn: GitHubStandIn,
  { pathname }: URL,
  { method, body }: StandInRequest,
): StandInAnswer | Promise<StandInAnswer> | null {
  const ref = new RegExp(`^/repos/${REPOSITORY}/commits/(.+)$`).exec(pathname)?.[1];
  if (ref !== undefined) {
    const sha = standIn.branches.get(decodeURIComponent(ref));
    if (sha === undefined) return json(422, { message: `No commit found for SHA: ${ref}` });
    return json(200, { sha, commit: { message: 'Restore audit logging' } });
  }
  if (pathname === `${WORKFLOW}/runs`) return json(200, { workflow_runs: standIn.runs.toReversed().map(runJson) });
  const id = new RegExp(`^/repos/${REPOSITORY}/actions/runs/(\\d+)$`).exec(pathname)?.[1];
  if (id !== undefined) return follow(standIn, Number(id));
  if (method !== 'POST' || pathname !== `${WORKFLOW}/dispatches`) return null;
  const wanted = dispatchSchema.parse(JSON.parse(body.toString()));
  if (!standIn.branches.has(wanted.ref)) return json(422, { message: `No ref found for: ${wanted.ref}` });
  const run: Run = { id: 9_000 + standIn.runs.length, ref: wanted.ref, status: 'queued', conclusion: null };
  standIn.runs.push(run);
  if (!standIn.tellsRun) return { status: 204, body: '' };
  return json(200, { workflow_run_id: run.id, run_url: runJson(run).html_url, html_url: runJson(run).html_url });
}

/** Each time it is looked at, a run is a step further. */
async function follow(standIn: GitHubStandIn, id: number): Promise<StandInAnswer> {
  const run = standIn.runs.find((each) => each.id === id);
  if (!run) return json(404, { message: 'Not Found' });
  if (run.status === 'in_progress') {
    run.status = 'completed';
    run.conclusion = standIn.concludesAs;
    if (run.conclusion === 'success') await standIn.onSuccess(run.ref);
  } else if (run.status === 'queued') run.status = 'in_progress';
  return json(200, runJson(run));
}

function runJson({ id, ref, status, conclusion }: Run) {
  return {
    id,
    html_url: `https://github.example/${REPOSITORY}/actions/runs/${id}`,
    head_branch: ref,
    event: 'workflow_dispatch',
    status,
    conclusion,
  };
}

function toJson({ sha, message, at }: Commit) {
  const date = new Date(at).toISOString();
  const person = { name: 'Dev', email: 'dev@clinic.example', date };
  return {
    sha,
    html_url: `https://github.example/${REPOSITORY}/commit/${sha}`,
    author: null,
    commit: { message, author: person, committer: person },
  };
}

function json(status: number, content: unknown) {
  return { status, body: JSON.stringify(content) };
}
