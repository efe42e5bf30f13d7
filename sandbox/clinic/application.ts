import { MINUTE } from '#domain/base/time.ts';
import { serveStandIn } from '#sandbox/stand-ins/http-stand-in.ts';
import { type Clinic, IDENTITIES } from './clinic.ts';
import { type Ledger, openLedger } from './ledger.ts';

/** What the running release of the application does with audit records: writes them, forgets to, or rolls them back with everything else. */
export type Release = 'writes' | 'skips' | 'rolls-back';

/** The clinic's application at work: patients are seen, so records are due; a record that can't be written is lost. That is the gap. */
export type Application = {
  readonly url: string;
  release: Release;
  readonly ledger: () => Ledger;
  /** Told each time a write failed, with the line that the application logs. */
  onFailure: (line: string) => void;
  readonly stop: () => Promise<void>;
};

export const RECORDS_A_MINUTE = 60;
const TICK_MILLISECONDS = 100;

/** Starts it, with `pastMinutes` of records behind it. Records are spread evenly over `now`'s time, however fast that runs. */
export async function startApplication(clinic: Clinic, now: () => number, pastMinutes: number): Promise<Application> {
  const ledger = openLedger();
  let writtenUntil = now() - pastMinutes * MINUTE;
  let writing = Promise.resolve();
  const write = async () => {
    const until = now();
    const count = Math.floor(((until - writtenUntil) / MINUTE) * RECORDS_A_MINUTE);
    if (count <= 0) return;
    const from = writtenUntil;
    writtenUntil = until;
    if (application.release === 'skips') return ledger.skipped();
    const times = Array.from({ length: count }, (_, index) => from + ((until - from) * (index + 1)) / count);
    try {
      if (application.release === 'rolls-back') return await clinic.wroteAndRolledBack(times.map((at) => new Date(at)));
      await clinic.wroteAt(times.map((at) => new Date(at)));
      ledger.wrote(times);
    } catch (error) {
      ledger.failed(from);
      application.onFailure(`${new Date(until).toISOString()} ERROR Failed to create audit log for ${IDENTITIES.email}: ${wordsOf(error)}`);
    }
  };
  const server = await serveStandIn(
    ({ path }) => {
      if (path !== '/api/health') return { status: 404, body: JSON.stringify({ error: 'not found' }) };
      const isFailing = ledger.read(now()).failingSince !== null;
      return { status: isFailing ? 503 : 200, body: JSON.stringify({ checks: { audit: isFailing ? 'failing' : 'active' } }) };
    },
    () => undefined,
  );
  const application: Application = {
    url: server.url,
    release: 'writes',
    ledger: () => ledger.read(now()),
    onFailure: () => undefined,
    stop: async () => {
      clearInterval(timer);
      await writing;
      await server.close();
    },
  };
  const timer = setInterval(() => {
    writing = writing.then(write);
  }, TICK_MILLISECONDS);
  await write();
  return application;
}

/** What Prisma would log: the SQLSTATE and PostgreSQL's own words. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const code = 'code' in error ? String(error.code) : '';
  return [error.message, code === '' ? '' : `(${code})`].join(' ').trim();
}
