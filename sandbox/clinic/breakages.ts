import pg from 'pg';
import { MINUTE } from '#domain/base/time.ts';
import type { DigitalOceanStandIn } from '#sandbox/stand-ins/digitalocean.ts';
import type { GitHubStandIn } from '#sandbox/stand-ins/github.ts';
import type { EmbeddedServer } from '#store/embedded.ts';
import type { Application } from './application.ts';
import type { Clinic } from './clinic.ts';

/** The ways to break the clinic's audit log, as a person reads them. */
export const BREAKAGES = [
  {
    name: 'application-bug',
    title: 'Application bug',
    means: 'A release forgets to write audit records. Nothing fails; the table just falls silent.',
  },
  { name: 'revoked-right', title: 'Revoked right', means: 'A migration takes INSERT from the application’s role. Every write is refused.' },
  {
    name: 'full-disk',
    title: 'Full disk',
    means: 'The database answers each write as it does on a full disk (SQLSTATE 53100), and the disk’s gauge shows 100 %.',
  },
  { name: 'lock', title: 'Lock', means: 'A forgotten maintenance session holds the whole table. Writes wait, then fail.' },
  { name: 'dropped-table', title: 'Dropped table', means: 'The audit table is dropped. A backup exists.' },
  {
    name: 'rolled-back',
    title: 'Rolled-back transactions',
    means: 'A release writes each record inside a transaction that fails afterwards and is rolled back.',
  },
  { name: 'database-stopped', title: 'Database stopped', means: 'The clinic’s PostgreSQL is stopped. Nothing answers.' },
] as const;

export type BreakageName = (typeof BREAKAGES)[number]['name'];

type Parts = {
  readonly clinic: Clinic;
  readonly application: Application;
  readonly digitalocean: DigitalOceanStandIn;
  readonly github: GitHubStandIn;
  readonly now: () => number;
  /** The clinic's database server; while it is stopped the sandbox holds none. */
  readonly server: { readonly stop: EmbeddedServer['stop']; readonly start: () => Promise<void> };
};

/** Breaks the clinic for real, one way at a time, and repairs it. */
export type Breakages = {
  /** The way it is broken now; null when it is well. */
  readonly current: BreakageName | null;
  /** Returns why not when it is broken already. */
  readonly breaks: (name: BreakageName) => Promise<string | null>;
  /** Returns why not when nothing is broken. */
  readonly repairs: () => Promise<string | null>;
  /** The release before is back, by the bot's own remedy: a breakage that came with a release is over. */
  readonly isRolledBack: () => Promise<void>;
  /** Lets go of what a breakage holds. */
  readonly close: () => Promise<void>;
};

/** The ways to break these parts. */
export function openBreakages(parts: Parts): Breakages {
  const ways = waysToBreak(parts);
  const breakages = {
    current: null as BreakageName | null,
    breaks: async (name: BreakageName) => {
      if (breakages.current !== null) return `The clinic is broken already (${titleOf(breakages.current)}): repair it first.`;
      breakages.current = name;
      await ways[name].breaks();
      return null;
    },
    repairs: async () => {
      if (breakages.current === null) return 'Nothing is broken.';
      await ways[breakages.current].repairs();
      breakages.current = null;
      return null;
    },
    isRolledBack: async () => {
      if (breakages.current !== 'application-bug' && breakages.current !== 'rolled-back') return;
      parts.application.release = 'writes';
      breakages.current = null;
    },
    close: async () => {
      if (breakages.current === 'lock') await ways.lock.repairs();
    },
  };
  return breakages;
}

function titleOf(name: BreakageName): string {
  return BREAKAGES.find((each) => each.name === name)?.title ?? name;
}

type Way = { readonly breaks: () => Promise<void>; readonly repairs: () => Promise<void> };

function waysToBreak({ clinic, application, digitalocean, github, now, server }: Parts): Readonly<Record<BreakageName, Way>> {
  const deploys = (message: string, path: string) => {
    const at = now() - ROLL_OUT;
    github.commits.push({ sha: shaOf(github.commits.length), message, at, paths: [path] });
    for (const deployment of digitalocean.deployments) if (deployment.phase === 'ACTIVE') deployment.phase = 'SUPERSEDED';
    digitalocean.deployments.unshift({
      id: `deployment-${digitalocean.deployments.length + 1}`,
      cause: `commit: ${message}`,
      phase: 'ACTIVE',
      at,
    });
  };
  const releases = (release: Application['release'], message: string, repairedBy: string): Way => ({
    breaks: async () => {
      deploys(message, AUDIT_CODE);
      application.release = release;
    },
    repairs: async () => {
      deploys(repairedBy, AUDIT_CODE);
      application.release = 'writes';
    },
  });
  let holder: pg.Client | null = null;
  return {
    'application-bug': releases('skips', 'Record patient access in the background', 'Revert "Record patient access in the background"'),
    'rolled-back': releases(
      'rolls-back',
      'Validate prescriptions after writing the audit record',
      'Revert "Validate prescriptions after writing the audit record"',
    ),
    'revoked-right': {
      breaks: async () => {
        deploys('Tighten the rights of the audit tables', 'prisma/migrations/20260105_audit_rights/migration.sql');
        await clinic.breaks();
      },
      repairs: clinic.repairs,
    },
    'full-disk': {
      breaks: async () => {
        digitalocean.disk.usedPercent = 100;
        await clinic.query(FULL_DISK);
      },
      repairs: async () => {
        digitalocean.disk.usedPercent = 62;
        await clinic.query('drop function sandbox_clock.no_space() cascade');
      },
    },
    lock: {
      breaks: async () => {
        holder = new pg.Client({ connectionString: clinic.adminUrl, application_name: 'maintenance' });
        holder.on('error', () => undefined);
        await holder.connect();
        await holder.query('begin');
        await holder.query('lock table "AuditLog" in access exclusive mode');
      },
      repairs: async () => {
        await holder?.end();
        holder = null;
      },
    },
    'dropped-table': { breaks: clinic.dropsTable, repairs: clinic.restoresTable },
    'database-stopped': { breaks: server.stop, repairs: server.start },
  };
}

/** How long a release takes to replace the one before. */
const ROLL_OUT = MINUTE;
const AUDIT_CODE = 'apps/web/src/lib/audit.ts';

/** What PostgreSQL answers when a table can't grow, from a trigger: no machine's real disk has to be filled for a demo. */
const FULL_DISK = `
  create function sandbox_clock.no_space() returns trigger language plpgsql as $$
  begin
    raise exception using errcode = '53100', message = 'could not extend file "base/16384/16397": No space left on device', hint = 'Check free disk space.';
  end $$;
  create trigger no_space before insert on "AuditLog" for each row execute function sandbox_clock.no_space();`;

function shaOf(count: number): string {
  return (count + 1).toString(16).padStart(4, '0').repeat(10);
}
