import { incidentNumbers, loadLinks } from '#store/event-store.ts';
import { loadSent } from '#store/sent-messages.ts';
import { verifyEvidence } from '#store/signatures.ts';
import type { AppContext } from '#workflows/context.ts';

/** Recomputes every record; answers what does not hold, with the incident's number before it. */
export async function verifyRecords(context: AppContext): Promise<readonly { readonly incident: number; readonly problem: string }[]> {
  const found: { incident: number; problem: string }[] = [];
  for (const incident of await incidentNumbers(context.database)) {
    const evidence = { incident, links: await loadLinks(context.database, incident), sent: await loadSent(context.database, incident) };
    found.push(...verifyEvidence(evidence).map((problem) => ({ incident, problem })));
  }
  return found;
}
