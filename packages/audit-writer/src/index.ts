/**
 * `@gapwatch/audit-writer`: what an application writes its audit log with, so that the next failure of the database leaves no gap (runbook step
 * 18: dual write, buffering, circuit breaker). The README has the whole story.
 */
export { type AuditWriter, openAuditWriter } from './audit-writer.ts';
export { AuditRecordNotKept, AuditRecordRefused, AuditSpoolFull, AuditSpoolInUse, AuditWriterClosed } from './errors.ts';
export { type AuditWriterFigures, prometheusText } from './figures.ts';
export { insertInto } from './insert-into.ts';
export type { ObjectStorage } from './object-storage.ts';
export type { AuditWriterEvent, AuditWriterOptions, Place } from './options.ts';
export type { AuditRecord, NewAuditRecord } from './record.ts';
