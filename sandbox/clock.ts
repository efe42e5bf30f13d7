import type { AttachableClock, ClockTimer } from 'pg-boss';
import { SandboxTimers } from './timers.ts';

/** Where a sandbox clock stands: at `realMilliseconds` of the machine it showed `shownMilliseconds`, and since then runs at `speed`. */
export type ClockReading = { readonly realMilliseconds: number; readonly shownMilliseconds: number; readonly speed: number };

/** The SQL for "now" on a sandbox clock, so that databases agree with the program. */
export function nowSql({ realMilliseconds, shownMilliseconds, speed }: ClockReading): string {
  const elapsed = `(extract(epoch from pg_catalog.clock_timestamp()) * 1000 - ${realMilliseconds})`;
  return `select to_timestamp((${shownMilliseconds} + ${elapsed} * ${speed}) / 1000.0)`;
}

type Target = Parameters<AttachableClock['attach']>[0];

/**
 * A clock for demos and tests: runs fast, slow or not at all, and can be moved forward. Attached to pg-boss it moves the database's
 * time as well. Timers run in real time divided by the clock's speed, or by `timerSpeed` where that is given, so that polling keeps pace.
 */
export class SandboxClock implements AttachableClock {
  #reading: ClockReading;
  readonly #timerSpeed: number | undefined;
  readonly #timers: SandboxTimers;
  readonly #targets = new Set<Target>();

  constructor(reading: ClockReading, timerSpeed?: number) {
    this.#reading = reading;
    this.#timerSpeed = timerSpeed;
    this.#timers = new SandboxTimers(timerSpeed ?? Math.max(1, reading.speed));
  }

  get reading(): ClockReading {
    return this.#reading;
  }

  now(): number {
    const { realMilliseconds, shownMilliseconds, speed } = this.#reading;
    return Math.floor(shownMilliseconds + (Date.now() - realMilliseconds) * speed);
  }

  setTimeout(run: () => void, milliseconds: number): ClockTimer {
    return this.#timers.start(run, milliseconds, false);
  }

  setInterval(run: () => void, milliseconds: number): ClockTimer {
    return this.#timers.start(run, milliseconds, true);
  }

  clearTimeout(handle: ClockTimer): void {
    this.#timers.clear(handle);
  }

  clearInterval(handle: ClockTimer): void {
    this.#timers.clear(handle);
  }

  /** Moves the clock forward, here and in every attached database. */
  async advance(milliseconds: number): Promise<void> {
    const { speed } = this.#reading;
    await this.set({ realMilliseconds: Date.now(), shownMilliseconds: this.now() + milliseconds, speed });
  }

  /** From now on the clock runs at `speed`. */
  async runAt(speed: number): Promise<void> {
    await this.set({ realMilliseconds: Date.now(), shownMilliseconds: this.now(), speed });
  }

  /** Sets the clock to a reading, here and in every attached database. */
  async set(reading: ClockReading): Promise<void> {
    this.#reading = reading;
    this.#timers.runAt(this.#timerSpeed ?? Math.max(1, reading.speed));
    // One after the other: two replicas share a schema, and PostgreSQL refuses to replace a function twice at once.
    for (const target of this.#targets) await this.#push(target);
  }

  async attach(target: Target): Promise<AsyncDisposable> {
    this.#targets.add(target);
    await this.#push(target);
    return {
      [Symbol.asyncDispose]: async () => {
        this.#targets.delete(target);
      },
    };
  }

  async #push({ db, schema }: Target): Promise<void> {
    await db.executeSql(
      `create or replace function ${schema}.job_now() returns timestamptz language sql stable as $$ ${nowSql(this.#reading)} $$`,
    );
  }
}
