import type { EventEmitter } from 'node:events';
import type { Fault, StandInRequest } from '../http-stand-in.ts';

/** An incident as the stand-in keeps it. */
export type PagerDutyIncident = {
  readonly id: string;
  title: string;
  readonly service: string;
  readonly createdAt: Date;
  /** What monitoring has put into it, each in a shape of its own. */
  readonly alerts: unknown[];
  /** It is not this token's to see any more: its own address answers 404. */
  isHidden: boolean;
  /** Another shape than the documented one, where a story wants it. */
  odd: Readonly<Record<string, unknown>>;
  mergedInto: string | null;
  status: 'triggered' | 'acknowledged' | 'resolved';
  acknowledgedBy: string | null;
  assignee: string;
  level: number;
  readonly notes: string[];
  readonly log: string[];
};

export type PagerDutyUser = { readonly id: string; readonly name: string; readonly email: string };

/** What a story may turn while the stand-in runs, and listen to. */
export type PagerDutySettings = {
  readonly events: EventEmitter<{ change: [PagerDutyIncident, string] }>;
  fault: ((request: StandInRequest) => Fault | undefined) | undefined;
  afterDelivery: ((request: StandInRequest) => Promise<void> | void) | undefined;
  /** Secrets that sign, in this order; several while one is rotated. */
  secrets: readonly string[];
  /** Who is on call, level by level. */
  levels: readonly (readonly string[])[];
  /** PagerDuty has switched the subscription off after too many refused deliveries: nothing is delivered. */
  isSubscriptionOff: boolean;
  /** Where webhooks go; null loses them, as a subscription that is switched off does. */
  webhookUrl: string | null;
};

/** What the stand-in's parts share. */
export type PagerDutyState = PagerDutySettings & {
  readonly incidents: Map<string, PagerDutyIncident>;
  readonly now: () => number;
};

export const USERS: readonly PagerDutyUser[] = [
  { id: 'PUGAPWATCH', name: 'Gapwatch Bot', email: 'gapwatch@clinic.example' },
  { id: 'PUROBIN', name: 'Robin', email: 'robin@clinic.example' },
  { id: 'PUSAM', name: 'Sam', email: 'sam@clinic.example' },
];
