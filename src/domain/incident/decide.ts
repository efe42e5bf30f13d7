import { alertFired, declared } from './alerts.ts';
import { COMMANDS, type Command, type LaterCommand, permissionOf } from './command.ts';
import { type CommandRow, type Decision, type DecisionContext, refuse } from './concern.ts';
import type { IncidentEvent } from './event.ts';
import { corrections } from './gap-corrections.ts';
import { type Denial, denialOf } from './permission.ts';
import type { Incident } from './state.ts';

/**
 * Decides what follows from a command: new events, or a refusal that says why. Pure: the same state, command and context always give
 * the same answer, so a command that runs twice does no harm. Who may give a command is decided here too.
 */
export function decide(incident: Incident | null, command: Command, context: DecisionContext): Decision {
  const { by, identity, policy } = context;
  const denial = by.kind === 'person' ? denialOf(permissionOf(command.kind), by, identity, policy) : null;
  if (denial) return deny(incident, command, denial);
  if (command.kind === 'alert-fired') return { events: alertFired(incident, command, context) };
  if (command.kind === 'declare') return declared(incident, command, context);
  if (incident === null) return refuse('no-open-incident', 'There is no incident yet. `/incident declare <reason>` opens one.');
  const decision = decideKind(command.kind, incident, command, context);
  const corrected = corrections(incident, decision.events, context.now);
  return corrected.length > 0 ? { ...decision, events: [...decision.events, ...corrected] } : decision;
}

type CommandMap = { readonly [Kind in LaterCommand['kind']]: Extract<LaterCommand, { readonly kind: Kind }> };
type Rows = { readonly [Kind in LaterCommand['kind']]: CommandRow<CommandMap[Kind]> };

const ROWS: Rows = COMMANDS;

function decideKind<Kind extends LaterCommand['kind']>(
  kind: Kind,
  incident: Incident,
  command: CommandMap[Kind],
  context: DecisionContext,
): Decision {
  return ROWS[kind].decide(incident, command, context);
}

/** A denial is on the record of the incident, where there is one. */
function deny(incident: Incident | null, { kind }: Command, { message }: Denial): Decision {
  const denied: readonly IncidentEvent[] = incident === null ? [] : [{ type: 'command.denied', what: kind, why: message }];
  return { events: denied, refused: { reason: 'not-permitted', message } };
}
