import { type Check, withTable } from './check.ts';
import { judgeProbe } from './probe-verdict.ts';
import { tryWrite } from './try-write.ts';

/** Runbook step 4: can a record be written? An INSERT as the writer, undone before anybody can see it. */
export const probe: Check = {
  name: 'probe',
  step: '§4',
  help: 'probe [anyway]: can a record be written? an INSERT as the application, undone before it can be seen; `anyway` also where a trigger acts outside the transaction',
  refuse: (argument) =>
    argument === '' || argument === 'anyway' ? null : '`/audit probe` takes nothing or `anyway`: `/audit probe anyway`.',
  within: 30_000,
  ask: (context) =>
    withTable(context, function* (table) {
      const { outcome, blockers } = yield* tryWrite(table, {
        insert: context.policy.probe.insert,
        isForced: context.argument === 'anyway',
      });
      return judgeProbe(outcome, table, blockers);
    }),
};
