import { z } from 'zod';
import { redactLine } from '#domain/base/text/foreign.ts';
import type { Commit } from '#domain/checks/deploys.ts';
import { askJson } from '#services/http.ts';

/** GitHub's REST API as Gapwatch uses it: read-only. */
export type GitHub = {
  /** Commits on the default branch since a moment, newest first, and whether they touch one of `paths`. Throws a ServiceFailure. */
  readonly commits: (since: Date, paths: readonly string[]) => Promise<readonly Commit[]>;
};

export type GitHubSettings = { readonly apiUrl: string; readonly token: string; readonly repository: string };

const commitsSchema = z.array(
  z.object({
    sha: z.string(),
    html_url: z.string().nullish(),
    commit: z.object({ message: z.string(), committer: z.object({ date: z.iso.datetime({ offset: true }) }).nullish() }),
  }),
);

/** Connects to GitHub ("List commits"). A fine-grained token needs "Contents: read" for the repository, nothing else. */
export function connectGitHub({ apiUrl, token, repository }: GitHubSettings): GitHub {
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
    'user-agent': 'gapwatch',
  };
  const list = async (since: Date, path: string | null) => {
    const query = new URLSearchParams({ since: since.toISOString(), per_page: '100', ...(path === null ? {} : { path }) });
    const url = `${apiUrl.replace(/\/$/, '')}/repos/${repository}/commits?${query}`;
    return (await askJson('github', 'GitHub', url, { headers }, commitsSchema)).content;
  };
  return {
    commits: async (since, paths) => {
      const [all = [], ...touching] = await Promise.all([list(since, null), ...paths.map((path) => list(since, path))]);
      const touched = new Set(touching.flat().map(({ sha }) => sha));
      return all.flatMap(({ sha, html_url, commit }) => {
        if (!commit.committer) return [];
        const title = redactLine(commit.message.split('\n')[0] ?? '', 120);
        return [{ id: sha, at: new Date(commit.committer.date), title, url: html_url ?? '', touchesAuditCode: touched.has(sha) }];
      });
    },
  };
}
