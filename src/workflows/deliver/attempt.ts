import type { OutboxMessage } from '#domain/incident/outbox/message.ts';
import type { Incident } from '#domain/incident/state.ts';

/** A call with what the one who makes it must know. `mustLook`: an earlier attempt may have been done, so look for its trace. `number` counts attempts from 1. */
export type Attempt = {
  readonly incident: Incident;
  readonly outgoing: OutboxMessage;
  readonly mustLook: boolean;
  readonly number: number;
};
