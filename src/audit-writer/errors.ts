/** Nothing could keep the record: not the database, not the spool, not S3. The access it speaks of should not happen. */
export class AuditRecordNotKept extends Error {
  override readonly name = 'AuditRecordNotKept';
}

/** The database refuses the record itself: a value or a column is wrong. It is kept in `refused.ndjson`, for people to look at. */
export class AuditRecordRefused extends Error {
  override readonly name = 'AuditRecordRefused';
}

/** Another process writes into the same folder. */
export class AuditSpoolInUse extends Error {
  override readonly name = 'AuditSpoolInUse';
}

/** The writer was closed before. */
export class AuditWriterClosed extends Error {
  override readonly name = 'AuditWriterClosed';
}
