/** A timer that runs `speed` times faster than life. */
class SandboxTimer {
  readonly run: () => void;
  readonly milliseconds: number;
  readonly repeats: boolean;
  handle: NodeJS.Timeout | undefined;
  /** When it is due, on `performance.now()`. */
  due = 0;

  constructor(run: () => void, milliseconds: number, repeats: boolean) {
    this.run = run;
    this.milliseconds = milliseconds;
    this.repeats = repeats;
  }
}

/** No timer is faster than this, in real milliseconds: a poll that spins would keep the machine busy with nothing. */
const SHORTEST_INTERVAL_MILLISECONDS = 10;

/** Timers whose speed can change while they wait: what is left of each is then waited for at the new speed. */
export class SandboxTimers {
  #speed: number;
  readonly #timers = new Set<SandboxTimer>();

  constructor(speed: number) {
    this.#speed = speed;
  }

  start(run: () => void, milliseconds: number, repeats: boolean): SandboxTimer {
    const timer = new SandboxTimer(run, milliseconds, repeats);
    this.#timers.add(timer);
    this.#arm(timer, milliseconds / this.#speed);
    return timer;
  }

  /** Ends a timer; anything else is ignored, as `clearTimeout` does. */
  clear(timer: unknown): void {
    if (!(timer instanceof SandboxTimer)) return;
    clearTimeout(timer.handle);
    this.#timers.delete(timer);
  }

  runAt(speed: number): void {
    if (speed === this.#speed) return;
    const change = this.#speed / speed;
    this.#speed = speed;
    for (const timer of this.#timers) {
      clearTimeout(timer.handle);
      this.#arm(timer, Math.max(0, timer.due - performance.now()) * change);
    }
  }

  #arm(timer: SandboxTimer, realMilliseconds: number): void {
    timer.due = performance.now() + realMilliseconds;
    timer.handle = setTimeout(
      () => {
        if (timer.repeats) this.#arm(timer, timer.milliseconds / this.#speed);
        else this.#timers.delete(timer);
        timer.run();
      },
      timer.repeats ? Math.max(SHORTEST_INTERVAL_MILLISECONDS, realMilliseconds) : realMilliseconds,
    );
  }
}
