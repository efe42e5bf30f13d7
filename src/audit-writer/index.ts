/**
 * `gapwatch/audit-writer`: what an application writes its audit log with, so that the next failure of the database leaves no gap (runbook step
 * 18: dual write, buffering, circuit breaker). docs/audit-writer.md has the whole story.
 */
export { type AuditWriter, type AuditWriterOptions, openAuditWriter, type Place } from './audit-writer.ts';
export { AuditRecordNotKept, AuditRecordRefused, AuditSpoolInUse, AuditWriterClosed } from './errors.ts';
export { type AuditWriterFigures, prometheusText } from './figures.ts';
export { insertInto } from './insert-into.ts';
export type { ObjectStore } from './object-store.ts';
export type { AuditRecord, NewAuditRecord } from './record.ts';
