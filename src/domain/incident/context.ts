import type { Policy } from '#domain/base/policy.ts';
import type { Actor } from './actor.ts';

/** What a command is decided against: who asks, when, and the team's policy. */
export type DecisionContext = { readonly by: Actor; readonly now: Date; readonly policy: Policy };
