/** Nothing could keep the record: not the database, not the spool, not object storage. The access it records should not happen. */
export class AuditRecordNotKept extends Error {
  override readonly name = 'AuditRecordNotKept';
}

/** The database refuses the record itself: a value or a column is wrong. It is kept in `refused.ndjson`, for people to look at. */
export class AuditRecordRefused extends Error {
  override readonly name = 'AuditRecordRefused';
}

/** Another writer uses the same folder. */
export class AuditSpoolInUse extends Error {
  override readonly name = 'AuditSpoolInUse';
}

/** The spool has reached `maximumSpoolBytes`. An `onEvent` may see it as the error of a fallback. */
export class AuditSpoolFull extends Error {
  override readonly name = 'AuditSpoolFull';
}

/** The writer was closed before. */
export class AuditWriterClosed extends Error {
  override readonly name = 'AuditWriterClosed';
}
