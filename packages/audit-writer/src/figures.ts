/** Records that `write` has handled, by their outcome. */
export type WriteCounts = { database: number; spool: number; s3: number; refused: number; notKept: number };

/** What a writer has done since it was opened, and what waits. */
export type AuditWriterFigures = {
  /** Records that `write` has kept, by the place that took them. */
  readonly database: number;
  readonly spool: number;
  readonly s3: number;
  readonly replayed: number;
  readonly refused: number;
  readonly notKept: number;
  readonly damaged: number;
  /** Attempts to write into the database that failed. */
  readonly failures: number;
  /** Records in the spool and in S3 that are not in the database yet. */
  readonly waiting: number;
  readonly spoolBytes: number;
  readonly isBreakerOpen: boolean;
};

/**
 * Returns the figures in Prometheus' text format, for the application's own /metrics. `audit_log_count` and `audit_log_errors_total` are the names that the runbook's
 * rules use (step 19).
 */
export function prometheusText(figures: AuditWriterFigures): string {
  const { database, spool, s3, replayed, refused, notKept, damaged, failures, waiting, spoolBytes, isBreakerOpen } = figures;
  return [
    ...metric('audit_log_count', 'counter', 'Audit records in the database', [['', database + replayed]]),
    ...metric('audit_log_errors_total', 'counter', 'Failed attempts to write audit records into the database', [['', failures + notKept]]),
    ...metric('audit_writer_records_total', 'counter', 'Audit records kept, by the place that took them first', [
      ['{place="database"}', database],
      ['{place="spool"}', spool],
      ['{place="s3"}', s3],
    ]),
    ...metric('audit_writer_replayed_total', 'counter', 'Records replayed into the database later', [['', replayed]]),
    ...metric('audit_writer_refused_total', 'counter', 'Records that the database refused for what they hold', [['', refused]]),
    ...metric('audit_writer_not_kept_total', 'counter', 'Records that nothing could keep; the application was told', [['', notKept]]),
    ...metric('audit_writer_damaged_total', 'counter', 'Lines of the spool that could not be read', [['', damaged]]),
    ...metric('audit_writer_waiting', 'gauge', 'Records that are not in the database yet', [['', waiting]]),
    ...metric('audit_writer_spool_bytes', 'gauge', 'Size of the spool on disk', [['', spoolBytes]]),
    ...metric('audit_writer_breaker_open', 'gauge', '1 while the circuit breaker keeps records away from the database', [
      ['', isBreakerOpen ? 1 : 0],
    ]),
  ].join('\n');
}

function metric(name: string, type: 'counter' | 'gauge', help: string, samples: readonly (readonly [string, number])[]): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map(([labels, value]) => `${name}${labels} ${value}`)];
}
