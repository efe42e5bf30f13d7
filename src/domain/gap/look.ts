/**
 * One look at the audit table: the cheapest questions that tell whether records are written. All times are of the monitored
 * database's clock. `lastBefore` is the last record up to the alert's time, `firstSince` the first record after the silence that
 * is being watched (or after `lastBefore`).
 */
export type Look =
  | {
      readonly kind: 'seen';
      readonly at: Date;
      readonly lastRecordAt: Date | null;
      readonly lastBefore: Date | null;
      readonly firstSince: Date | null;
      readonly lastMinute: number;
    }
  | { readonly kind: 'unseen'; readonly failure: string };
