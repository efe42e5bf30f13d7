import type { FailureOutcome } from '#domain/incident/outbox/message.ts';

export type ServiceName =
  | 'slack'
  | 'pagerduty'
  | 'pagerduty-events'
  | 'mail'
  | 'reports'
  | 'audit-database'
  | 'health'
  | 'heartbeat'
  | 'sentry'
  | 'github'
  | 'digitalocean'
  | 'operations'
  | 'archive';

/**
 * A call outward that did not go well. `refused`: the service said no. `unavailable`: it did not do it. `unclear`: it may have
 * done it, so look before doing it again. The message is for people and holds no secret.
 */
export class ServiceFailure extends Error {
  override readonly name = 'ServiceFailure';
  readonly service: ServiceName;
  readonly outcome: FailureOutcome;
  readonly retryAfterMilliseconds: number | null;
  /** The service's own word for it, where it has one that Gapwatch knows to read. */
  readonly code: string | null;

  constructor(
    service: ServiceName,
    outcome: FailureOutcome,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterMilliseconds?: number | null; readonly code?: string } = {},
  ) {
    super(message, { cause: options.cause });
    this.service = service;
    this.outcome = outcome;
    this.retryAfterMilliseconds = options.retryAfterMilliseconds ?? null;
    this.code = options.code ?? null;
  }
}

/** The service says that it does not know what was asked about, or does not show it to us. Asking again is useless. */
export class NotKnownThere extends ServiceFailure {}

const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether an error, or one it was caused by, means that no connection came about: then nothing was done. */
export function neverConnected(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    if ('code' in current && typeof current.code === 'string' && NEVER_CONNECTED.has(current.code)) return true;
    current = 'original' in current ? current.original : current.cause;
  }
  return false;
}
