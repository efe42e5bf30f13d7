import type { Answer } from '#domain/incident/call.ts';
import { OUR_NOTE_PREFIX } from '#domain/incident/decide-alert.ts';
import { incidentName } from '#domain/incident/state.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { DeedOutcome } from '#services/pagerduty/rest.ts';
import type { Attempt } from './attempt.ts';
import type { House } from './house.ts';

/** Does in PagerDuty what a call is about. Every deed reads the incident's state first, so a second run finds the first one's trace. */
export async function doInPagerDuty(house: House, { incident, call, mustLook }: Attempt): Promise<Answer> {
  const { deed } = call;
  switch (deed.kind) {
    case 'acknowledge': {
      const outcome = await house.pagerduty.acknowledge(deed.alertId);
      // Our own earlier attempt may be what acknowledged it, or a person was quicker: PagerDuty says who.
      const isOurs =
        mustLook && outcome.already === 'acknowledged' && outcome.by !== null && outcome.by === (await house.pagerduty.ownName());
      return answerOf(isOurs ? { already: null, by: null } : outcome, 'acknowledged');
    }
    case 'acknowledge-as': {
      const { email } = await house.slack.user(deed.slackId);
      if (email === null) throw new ServiceFailure('pagerduty', 'refused', `Slack shows no e-mail address for ${deed.name}`);
      return answerOf(await house.pagerduty.acknowledgeAs(deed.alertId, email), `acknowledged as ${deed.name}`);
    }
    case 'note':
      await house.pagerduty.note(deed.alertId, `${OUR_NOTE_PREFIX}${incidentName(incident.number)} ${deed.text}`);
      return { says: 'note added' };
    case 'page-next-level':
      await house.pagerduty.pageLevel(deed.alertId, deed.level);
      return { says: `level ${deed.level} paged` };
    case 'resolve-alert':
      return answerOf(await house.pagerduty.resolve(deed.alertId), 'resolved');
    default:
      throw new TypeError(`${deed.kind} is nothing that PagerDuty does`);
  }
}

function answerOf({ already, by }: DeedOutcome, done: string): Answer {
  if (already === null) return { says: done };
  return { already, says: `already ${already}${by ? ` by ${by}` : ''}`, ...(by ? { acknowledgedBy: by } : {}) };
}
