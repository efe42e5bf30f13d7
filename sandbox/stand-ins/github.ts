import { type Fault, serveStandIn } from './http-stand-in.ts';

type Commit = { readonly sha: string; readonly message: string; readonly at: number; readonly paths: readonly string[] };

/** A stand-in for GitHub: the commits of one repository's default branch. */
export type GitHubStandIn = {
  readonly url: string;
  readonly token: string;
  readonly repository: string;
  readonly commits: Commit[];
  fault: Fault | undefined;
  readonly close: () => Promise<void>;
};

const TOKEN = 'sandbox-github-token';
const REPOSITORY = 'clinic/patient-portal';

/** Starts it. Refuses a request without a user agent, a wrong token and an unknown repository as GitHub does. */
export async function startGitHub(): Promise<GitHubStandIn> {
  const commits: Commit[] = [];
  const server = await serveStandIn(
    ({ path, headers }) => {
      if (!headers['user-agent']) return json(403, { message: 'Request forbidden by administrative rules.' });
      if (headers.authorization !== `Bearer ${TOKEN}`) return json(401, { message: 'Bad credentials' });
      const url = new URL(path, 'http://github');
      if (url.pathname !== `/repos/${REPOSITORY}/commits`) return json(404, { message: 'Not Found' });
      const since = Date.parse(url.searchParams.get('since') ?? '');
      const touched = url.searchParams.get('path');
      const found = commits.filter(({ at, paths }) => at >= since && (touched === null || paths.includes(touched)));
      return json(200, found.toSorted((one, other) => other.at - one.at).map(toJson));
    },
    () => standIn.fault,
  );
  const standIn: GitHubStandIn = { url: server.url, token: TOKEN, repository: REPOSITORY, commits, fault: undefined, close: server.close };
  return standIn;
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
