import { MINUTE } from '#domain/base/time.ts';

/** A stretch in which the application wrote no record; `to` is null while it lasts. */
export type Silence = { readonly from: number; readonly to: number | null };

/** What the application knows of its own writing, in milliseconds of shown time. */
export type Ledger = {
  /** Records of each of the last three hours' minutes, oldest first. */
  readonly minutes: readonly { readonly at: number; readonly records: number }[];
  readonly silences: readonly Silence[];
  readonly lastWrittenAt: number | null;
  /** Since when every write has failed; null while they succeed, or while none is tried. */
  readonly failingSince: number | null;
};

const HOURS_KEPT_MINUTES = 180;
/** A shorter quiet is how records are spread, not a silence. */
const SHORTEST_SILENCE = MINUTE;

/** Counts what the application writes and fails to write. */
export function openLedger() {
  const minutes = new Map<number, number>();
  let silences: readonly Silence[] = [];
  let lastWrittenAt: number | null = null;
  let failingSince: number | null = null;
  return {
    /** `times` were written, oldest first. */
    wrote: (times: readonly number[]): void => {
      for (const at of times) {
        const minute = Math.floor(at / MINUTE) * MINUTE;
        minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
        if (lastWrittenAt !== null && at - lastWrittenAt >= SHORTEST_SILENCE) silences = [...silences, { from: lastWrittenAt, to: at }];
        lastWrittenAt = at;
      }
      failingSince = null;
    },
    failed: (at: number): void => {
      failingSince ??= at;
    },
    /** Nothing is tried any more, so nothing fails. */
    skipped: (): void => {
      failingSince = null;
    },
    read: (now: number): Ledger => {
      const last = Math.floor(now / MINUTE) * MINUTE;
      const first = last - (HOURS_KEPT_MINUTES - 1) * MINUTE;
      for (const minute of minutes.keys()) if (minute < first) minutes.delete(minute);
      const current = lastWrittenAt !== null && now - lastWrittenAt >= SHORTEST_SILENCE ? [{ from: lastWrittenAt, to: null }] : [];
      return {
        minutes: Array.from({ length: HOURS_KEPT_MINUTES }, (_, index) => {
          const at = first + index * MINUTE;
          return { at, records: minutes.get(at) ?? 0 };
        }),
        silences: [...silences, ...current].filter(({ to }) => to === null || to > first),
        lastWrittenAt,
        failingSince,
      };
    },
  };
}
