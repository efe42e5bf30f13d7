import type { Planned } from './plan.ts';

/** What GitHub knows of a ref: its commit, and runs of the workflow that are under way. */
export type RefInventory = { readonly sha: string; readonly title: string; readonly underWay: string | null };

/** Runbook step 11: the deployment workflow, dispatched on a ref. */
export function planHotfix(inventory: RefInventory, ref: string, workflow: string, repository: string): Planned {
  const { sha, title, underWay } = inventory;
  if (underWay !== null) return { impossible: `A run of ${workflow} is under way (${underWay}): wait for its end, then plan again.` };
  return {
    plan: {
      target: ref,
      what: `Run the workflow ${workflow} of ${repository} on ${ref} (runbook step 11).`,
      figures: [{ name: 'Commit', value: `${sha.slice(0, 12)}, ${title.slice(0, 120)}` }],
      takes: 'as long as the workflow does; its run is linked and followed',
      risks: [
        'It deploys what stands on that ref, and only what the workflow itself tests is tested.',
        'Whatever is not on that ref is not deployed.',
      ],
      back: '/remedy rollback',
      basis: `${workflow} on ${ref} at ${sha}`,
    },
  };
}

/** A sentence that says what is wrong with a ref as typed; null when git could have one of this name (git-check-ref-format). */
export function wrongRef(ref: string): string | null {
  if (ref === '') return 'Say which branch or tag: `/remedy hotfix <ref>`, for example `/remedy hotfix hotfix/audit-logging`.';
  const isName = /^(?![/.-])(?!.*(?:\.\.|\/\/|\/\.|@\{))[\w./@+#-]{1,200}$/.test(ref) && !/(?:\/|\.|\.lock)$/.test(ref);
  return isName
    ? null
    : `\`${ref.slice(0, 60).replaceAll('`', "'")}\` is no name of a branch or tag. Example: \`/remedy hotfix hotfix/audit-logging\`.`;
}
