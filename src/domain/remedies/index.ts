import { z } from 'zod';
import { parseArchive } from './archive.ts';
import { wrongRef } from './hotfix.ts';

/** The remedies of runbook steps 9 to 12, by the names people type. */
const REMEDY_NAMES = ['archive', 'restart', 'rollback', 'hotfix', 'recreate-table'] as const;
export const remedyNameSchema = z.enum(REMEDY_NAMES);
export type RemedyName = z.infer<typeof remedyNameSchema>;

/** A remedy as people know it: what is typed, what it does, and the sources it needs. `refuse` says what is wrong with an argument. */
export type Remedy = {
  readonly name: RemedyName;
  readonly usage: string;
  readonly step: string;
  readonly help: string;
  /** Options of its own, beside `--dry-run`. */
  readonly options?: readonly string[];
  readonly needs: readonly ('archive' | 'bucket' | 'deployments' | 'workflows' | 'recreation' | 'migrations')[];
  readonly refuse: (argument: string) => string | null;
};

/** A row a remedy; what it does with the services stands in workflows/remedies/remedy-work.ts. */
const ROWS: { readonly [Name in RemedyName]: Omit<Remedy, 'name'> } = {
  archive: {
    usage: 'archive [--full]',
    options: ['full'],
    step: '§9',
    help: 'old records encrypted into the archive, verified there, then deleted here',
    needs: ['archive', 'bucket'],
    refuse: (argument) => {
      const options = parseArchive(argument);
      return 'wrong' in options ? options.wrong : null;
    },
  },
  restart: {
    usage: 'restart',
    step: '§12',
    help: 'start all instances anew, follow the deployment, watch records return',
    needs: ['deployments'],
    refuse: (argument) => (argument === '' ? null : '`/remedy restart` takes no argument but `--dry-run`.'),
  },
  rollback: {
    usage: 'rollback [deployment]',
    step: '§11',
    help: 'back to the last good deployment before the gap, or to the one named',
    needs: ['deployments'],
    refuse: (argument) =>
      /^[\w-]{0,80}$/.test(argument)
        ? null
        : 'Name one deployment by its id, or none for the last good one: `/remedy rollback <deployment>`.',
  },
  hotfix: {
    usage: 'hotfix <ref>',
    step: '§11',
    help: 'run the deployment workflow on a branch or tag, and follow it',
    needs: ['workflows'],
    refuse: wrongRef,
  },
  'recreate-table': {
    usage: 'recreate-table <the table’s name>',
    step: '§10, last resort',
    help: 'a missing or damaged audit table anew, by the application’s own migrations, with a backup before and its records after; two people approve',
    needs: ['recreation', 'migrations'],
    refuse: (argument) =>
      argument === '' ? 'To confirm, type the table’s name, exactly as AUDIT_TABLE has it, behind `/remedy recreate-table`.' : null,
  },
};

/** Every remedy, in the order of the help. */
export const REMEDIES: readonly Remedy[] = REMEDY_NAMES.map((name) => ({ name, ...ROWS[name] }));

/** The remedy of this name, if there is one. */
export function remedyNamed(name: string): Remedy | undefined {
  return REMEDIES.find((remedy) => remedy.name === name);
}
