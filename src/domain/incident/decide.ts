import type { Actor, Person } from './actor.ts';
import type { Command, Decision } from './command.ts';
import type { Circumstances } from './context.ts';
import { corrections } from './corrections.ts';
import { alertChanged, alertFired, declared } from './decide-alert.ts';
import { callFailed, callSucceeded } from './decide-call.ts';
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
import { looked } from './decide-look.ts';
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
import { handOver, keepMessage, nameWriter } from './decide-roles.ts';
import { close, markTask } from './decide-task.ts';
import { claimDue, noticeLate, nudgeDue, pauseOver, slackLate, updateDue } from './decide-timer.ts';
import { request } from './requests.ts';
import { type Incident, isWatched } from './state.ts';

/**
 * Decides what follows from a command: new facts, or a refusal that says why. Pure: the same state, command and circumstances
 * always give the same answer, so a command that runs twice does no harm.
 */
export function decide(incident: Incident | null, command: Command, circumstances: Circumstances): Decision {
  if (command.kind === 'alert-fired') return { facts: alertFired(incident, command, circumstances) };
  if (command.kind === 'declare') return declared(incident, command, circumstances);
  if (incident === null) {
    return {
      facts: [],
      refused: { reason: 'no-open-incident', says: 'There is no incident yet. `/incident declare <reason>` opens one.' },
    };
  }
  const decision = decideOnIncident(incident, command, circumstances);
  const corrected = corrections(incident, decision.facts, circumstances.now);
  return corrected.length > 0 ? { ...decision, facts: [...decision.facts, ...corrected] } : decision;
}

type LaterCommand = Exclude<Command, { kind: 'alert-fired' | 'declare' }>;

function decideOnIncident(incident: Incident, command: LaterCommand, circumstances: Circumstances): Decision {
  const { now, policy } = circumstances;
  switch (command.kind) {
    case 'alert-changed':
      return { facts: alertChanged(incident, command.change, circumstances) };
    case 'looked':
      // A gap that was left open by a resolution is watched to its end.
      return { facts: isWatched(incident) ? looked(incident, command.look, now, policy) : [] };
    case 'claim':
      return claim(incident, circumstances, personOf(circumstances.by));
    case 'claim-due':
      return { facts: claimDue(incident, now, policy) };
    case 'update-due':
      return { facts: updateDue(incident, command.number, now, policy) };
    case 'notice-late':
      return { facts: noticeLate(incident, command.key, now) };
    case 'post-update':
      return postUpdate(incident, now, policy);
    case 'state-cause':
    case 'state-action':
    case 'state-eta':
    case 'add-note':
      return stated(incident, command, now);
    case 'move-gap':
      return moveGap(incident, command, circumstances, personOf(circumstances.by));
    case 'submit-update':
      return submitUpdate(incident, command, now, policy);
    case 'pause-updates':
      return pause(incident, command, now);
    case 'continue-updates':
      return continueUpdates(incident, now, policy);
    case 'hand-over':
      return handOver(incident, command, now);
    case 'name-writer':
      return nameWriter(incident, command, now);
    case 'keep-message':
      return keepMessage(incident, command);
    case 'take-task':
    case 'finish-task':
    case 'waive-task':
      return markTask(incident, command, now, policy, personOf(circumstances.by));
    case 'close':
      return close(incident, now, policy);
    case 'count-earlier-gaps':
      return { facts: [{ type: 'earlier-gaps.counted', count: command.count, words: command.words }] };
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
      return { facts: [{ type: 'evidence.signed', statement, signature, publicKey }] };
    }
    case 'deny':
      return { facts: [{ type: 'command.denied', what: command.what, why: command.why }] };
    case 'escalation-due':
      return { facts: escalationDue(incident, now, policy) };
    case 'nudge-due':
      return { facts: nudgeDue(incident, command, now) };
    case 'pause-over':
      return { facts: pauseOver(incident, command, now, policy) };
    case 'slack-late':
      return { facts: slackLate(incident, command, now, policy) };
    case 'follow-up-due':
      return { facts: followUpDue(incident, command, now, policy) };
    case 'post-mortem-due':
      return { facts: postMortemDue(incident, command, now) };
    case 'hhs-due':
      return { facts: hhsDue(incident, command, now) };
    case 'receipt-due':
      return { facts: receiptDue(incident, command, now) };
    case 'escalate':
      return escalate(incident, now);
    case 'resolve':
      return resolve(incident, command, now, policy);
    case 'write-report':
      return { facts: [request(`gap-report/${incident.factCount}`, { kind: 'gap-report' }, now)] };
    case 'request-check':
      return { facts: [{ type: 'check.requested', check: command.check, argument: command.argument, request: command.request }] };
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
      return approveRemedy(incident, command, now, policy, personOf(circumstances.by));
    case 'decline-remedy':
      return declineRemedy(incident, command, now, personOf(circumstances.by));
    case 'stop-remedy':
      return stopRemedy(incident, command);
    case 'remedy-expires':
      return { facts: remedyExpires(incident, command, now) };
    case 'remedy-progressed':
      return { facts: remedyProgressed(incident, command) };
    case 'remedy-ended':
      return { facts: remedyEnded(incident, command, now) };
    case 'call-succeeded':
      return { facts: callSucceeded(incident, command, now, policy) };
    case 'call-failed':
      return { facts: callFailed(incident, command, now) };
    default:
      return command satisfies never;
  }
}

/** Commands that only people give name a person; anything else is a wiring mistake, told at once. */
function personOf(by: Actor): Person {
  if (by.kind !== 'person') throw new TypeError(`only a person can do this, not ${by.kind}`);
  return by;
}
