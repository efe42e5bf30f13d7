import { OUR_NOTE_PREFIX } from '#domain/incident/alerts.ts';
import type { Answer } from '#domain/incident/outbox/message.ts';
import { incidentName } from '#domain/incident/state.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { ActionOutcome } from '#services/pagerduty/rest.ts';
import type { AppContext } from '#workflows/context.ts';
import type { Attempt } from './attempt.ts';

/** Does in PagerDuty what a call is about. Every action reads the incident's state first, so a second run finds the first one's trace. */
export async function deliverToPagerDuty(context: AppContext, { incident, outgoing, mustLook }: Attempt): Promise<Answer> {
  const { payload } = outgoing;
  switch (payload.kind) {
    case 'acknowledge': {
      const outcome = await context.pagerduty.acknowledge(payload.alertId);
      // Our own earlier attempt may be what acknowledged it, or a person was quicker: PagerDuty says who.
      const isOurs =
        mustLook && outcome.already === 'acknowledged' && outcome.by !== null && outcome.by === (await context.pagerduty.ownName());
      return answerOf(isOurs ? { already: null, by: null } : outcome, 'acknowledged');
    }
    case 'acknowledge-as': {
      const { email } = await context.slack.user(payload.slackId);
      if (email === null) throw new ServiceFailure('pagerduty', 'refused', `Slack shows no e-mail address for ${payload.name}`);
      return answerOf(await context.pagerduty.acknowledgeAs(payload.alertId, email), `acknowledged as ${payload.name}`);
    }
    case 'note':
      await context.pagerduty.note(payload.alertId, `${OUR_NOTE_PREFIX}${incidentName(incident.number)} ${payload.text}`);
      return { message: 'note added' };
    case 'page-next-level':
      await context.pagerduty.pageLevel(payload.alertId, payload.level);
      return { message: `level ${payload.level} paged` };
    case 'resolve-alert':
      return answerOf(await context.pagerduty.resolve(payload.alertId), 'resolved');
    default:
      throw new TypeError(`${payload.kind} is nothing that PagerDuty does`);
  }
}

function answerOf({ already, by }: ActionOutcome, done: string): Answer {
  if (already === null) return { message: done };
  return { already, message: `already ${already}${by ? ` by ${by}` : ''}`, ...(by ? { acknowledgedBy: by } : {}) };
}
