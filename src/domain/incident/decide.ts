import type { Actor, Person } from './actor.ts';
import type { Command, Decision } from './command.ts';
import type { DecisionContext } from './context.ts';
import { corrections } from './corrections.ts';
import { alertChanged, alertFired, declared } from './decide-alert.ts';
import { outboxDelivered, outboxFailed } from './decide-call.ts';
import { checkAnswered, checkProgressed, checkRefreshed, stopCheck } from './decide-check.ts';
import { escalationDue } from './decide-escalation.ts';
import {
  assess,
  decideHhs,
  followUpDue,
  hhsDue,
  hhsNotified,
  noticeReceived,
  postMortemDue,
  receiptDue,
  schedulePostMortem,
} from './decide-follow-up.ts';
import { tableRead } from './decide-look.ts';
import { claim, continueUpdates, escalate, moveGap, pause, postUpdate, stated, submitUpdate } from './decide-person.ts';
import {
  approveRemedy,
  askRemedy,
  declineRemedy,
  remedyEnded,
  remedyExpires,
  remedyPlanned,
  remedyProgressed,
  stopRemedy,
} from './decide-remedy.ts';
import { resolve } from './decide-resolve.ts';
import { handOver, keepMessage, nameScribe } from './decide-roles.ts';
import { close, markTask } from './decide-task.ts';
import { claimDue, noticeLate, nudgeDue, pauseOver, slackLate, updateDue } from './decide-timer.ts';
import { queueMessage } from './requests.ts';
import { type Incident, isPolled } from './state.ts';

/**
 * Decides what follows from a command: new events, or a refusal that says why. Pure: the same state, command and circumstances
 * always give the same answer, so a command that runs twice does no harm.
 */
export function decide(incident: Incident | null, command: Command, context: DecisionContext): Decision {
  if (command.kind === 'alert-fired') return { events: alertFired(incident, command, context) };
  if (command.kind === 'declare') return declared(incident, command, context);
  if (incident === null) {
    return {
      events: [],
      refused: { reason: 'no-open-incident', message: 'There is no incident yet. `/incident declare <reason>` opens one.' },
    };
  }
  const decision = decideOnIncident(incident, command, context);
  const corrected = corrections(incident, decision.events, context.now);
  return corrected.length > 0 ? { ...decision, events: [...decision.events, ...corrected] } : decision;
}

type LaterCommand = Exclude<Command, { kind: 'alert-fired' | 'declare' }>;

function decideOnIncident(incident: Incident, command: LaterCommand, context: DecisionContext): Decision {
  const { now, policy } = context;
  switch (command.kind) {
    case 'alert-changed':
      return { events: alertChanged(incident, command.change, context) };
    case 'table-read':
      // A gap that was left open by a resolution is watched to its end.
      return { events: isPolled(incident) ? tableRead(incident, command.reading, now, policy) : [] };
    case 'claim':
      return claim(incident, context, personOf(context.by));
    case 'claim-due':
      return { events: claimDue(incident, now, policy) };
    case 'update-due':
      return { events: updateDue(incident, command.number, now, policy) };
    case 'notice-late':
      return { events: noticeLate(incident, command.key, now) };
    case 'post-update':
      return postUpdate(incident, now, policy);
    case 'state-cause':
    case 'state-action':
    case 'state-eta':
    case 'add-note':
      return stated(incident, command, now);
    case 'move-gap':
      return moveGap(incident, command, context, personOf(context.by));
    case 'submit-update':
      return submitUpdate(incident, command, now, policy);
    case 'pause-updates':
      return pause(incident, command, now);
    case 'continue-updates':
      return continueUpdates(incident, now, policy);
    case 'hand-over':
      return handOver(incident, command, now);
    case 'name-scribe':
      return nameScribe(incident, command, now);
    case 'keep-message':
      return keepMessage(incident, command);
    case 'take-task':
    case 'finish-task':
    case 'waive-task':
      return markTask(incident, command, now, policy, personOf(context.by));
    case 'close':
      return close(incident, now, policy);
    case 'count-earlier-gaps':
      return { events: [{ type: 'earlier-gaps.counted', count: command.count, text: command.text }] };
    case 'assess':
      return assess(incident, command, now);
    case 'schedule-post-mortem':
      return schedulePostMortem(incident, command.for, now);
    case 'decide-hhs':
      return decideHhs(incident, command, now);
    case 'hhs-notified':
      return hhsNotified(incident, now);
    case 'notice-received':
      return noticeReceived(incident, command, now);
    case 'keep-signature': {
      const { statement, signature, publicKey } = command;
      return { events: [{ type: 'evidence.signed', statement, signature, publicKey }] };
    }
    case 'deny':
      return { events: [{ type: 'command.denied', what: command.what, why: command.why }] };
    case 'escalation-due':
      return { events: escalationDue(incident, now, policy) };
    case 'nudge-due':
      return { events: nudgeDue(incident, command, now) };
    case 'pause-over':
      return { events: pauseOver(incident, command, now, policy) };
    case 'slack-late':
      return { events: slackLate(incident, command, now, policy) };
    case 'follow-up-due':
      return { events: followUpDue(incident, command, now, policy) };
    case 'post-mortem-due':
      return { events: postMortemDue(incident, command, now) };
    case 'hhs-due':
      return { events: hhsDue(incident, command, now) };
    case 'receipt-due':
      return { events: receiptDue(incident, command, now) };
    case 'escalate':
      return escalate(incident, now);
    case 'resolve':
      return resolve(incident, command, now, policy);
    case 'write-report':
      return { events: [queueMessage(`gap-report/${incident.eventCount}`, { kind: 'gap-report' }, now)] };
    case 'request-check':
      return { events: [{ type: 'check.requested', check: command.check, argument: command.argument, request: command.request }] };
    case 'check-progressed':
      return checkProgressed(incident, command, now);
    case 'stop-check':
      return stopCheck(incident, command);
    case 'check-answered':
      return checkAnswered(incident, command, now);
    case 'check-refreshed':
      return checkRefreshed(incident, command, now);
    case 'ask-remedy':
      return askRemedy(incident, command);
    case 'remedy-planned':
      return remedyPlanned(incident, command, now);
    case 'approve-remedy':
      return approveRemedy(incident, command, now, policy, personOf(context.by));
    case 'decline-remedy':
      return declineRemedy(incident, command, now, personOf(context.by));
    case 'stop-remedy':
      return stopRemedy(incident, command);
    case 'remedy-expires':
      return { events: remedyExpires(incident, command, now) };
    case 'remedy-progressed':
      return { events: remedyProgressed(incident, command) };
    case 'remedy-ended':
      return { events: remedyEnded(incident, command, now) };
    case 'outbox-delivered':
      return { events: outboxDelivered(incident, command, now, policy) };
    case 'outbox-failed':
      return { events: outboxFailed(incident, command, now) };
    default:
      return command satisfies never;
  }
}

/** Commands that only people give name a person; anything else is a wiring mistake, told at once. */
function personOf(by: Actor): Person {
  if (by.kind !== 'person') throw new TypeError(`only a person can do this, not ${by.kind}`);
  return by;
}
