import { contactOf, roleName } from '#domain/base/policy.ts';
import { plus, SECOND } from '#domain/base/time.ts';
import { rolesByHand } from '#domain/incident/slack-outage.ts';
import { type Incident, incidentName, rootMessage } from '#domain/incident/state.ts';
import { type SlackMessage, slackMessage } from '#domain/messages/blocks.ts';
import { mailOf } from '#domain/messages/markdown.ts';
import { noticeVariables } from '#domain/messages/notice.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { AppContext } from '#workflows/context.ts';
import { openIncidentsLastSeen, refreshMessages } from '#workflows/deliver/refresh.ts';

const LOOK_EVERY = 10 * SECOND;
/** So many looks in a row without an answer are an outage, not a hiccup. */
const FAILURES_OF_AN_OUTAGE = 3;

/** Runs something again and again; answers how to end it. */
export type Repeat = (run: () => void, milliseconds: number) => () => void;

/**
 * Looks after Gapwatch's own store from outside of it. Without the store no timer and no command works, so the root message of each
 * open incident says so and carries the runbook's steps to do by hand; where Slack does not take that, mail does. With the store back
 * the message is its old self again, and `catchUp` brings in what people wrote meanwhile. Returns how to stop looking.
 */
export function detectStoreOutage(context: AppContext, repeat: Repeat, catchUp: (since: Date) => Promise<void>): () => void {
  let failures = 0;
  let awaySince = context.now();
  let isTold = false;
  let isLooking = false;
  const reading = async () => {
    const isThere = await context.database.query('select 1').then(
      () => true,
      () => false,
    );
    const wasAway = failures > 0;
    failures = isThere ? 0 : failures + 1;
    if (failures === 1) awaySince = context.now();
    if (failures >= FAILURES_OF_AN_OUTAGE && !isTold) {
      isTold = true;
      for (const incident of openIncidentsLastSeen(context)) await tellOutage(context, incident);
    }
    if (isThere && isTold) {
      isTold = false;
      for (const { number } of openIncidentsLastSeen(context)) await refreshMessages(context, number, 'anew');
    }
    if (isThere && wasAway) await catchUp(plus(awaySince, -LOOK_EVERY));
  };
  return repeat(() => {
    if (isLooking) return;
    isLooking = true;
    reading()
      .catch((error: unknown) => context.log.error({ err: error }, 'the look after the store failed'))
      .finally(() => {
        isLooking = false;
      });
  }, LOOK_EVERY);
}

async function tellOutage(context: AppContext, incident: Incident): Promise<void> {
  const root = rootMessage(incident);
  context.log.error({ incident: incident.number }, 'the store can’t be reached while an incident is open');
  try {
    if (root === null) throw new ServiceFailure('slack', 'unavailable', 'there is no root message');
    await context.slack.update(root, outageMessage(context, incident));
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    for (const role of rolesByHand(context.policy)) await mailOutage(context, incident, role);
  }
}

function outageMessage(context: AppContext, incident: Incident): SlackMessage {
  const variables = { name: incidentName(incident.number), since: context.now(), reason: incident.reason };
  return slackMessage(context.templates.render('slack/store-outage.liquid', variables));
}

async function mailOutage(context: AppContext, incident: Incident, role: string): Promise<void> {
  const now = context.now();
  const outgoing = {
    payload: { kind: 'by-hand-notice', role },
    dueAt: now,
    status: { name: 'due', attempts: 0, notBefore: now, lastFailure: null },
  } as const;
  const variables = {
    ...noticeVariables(incident, outgoing, {
      events: [],
      now,
      policy: context.policy,
      receiptUrl: '',
      enclosed: { attached: [], missing: [] },
    }),
    unreachable: 'its own store, and Slack',
  };
  const { email } = contactOf(context.policy, role);
  if (email === undefined) return;
  await context.mail
    .send({
      messageId: context.mail.messageId(`${incidentName(incident.number)}.store-outage.${now.getTime()}.${role}`),
      inReplyTo: null,
      references: [],
      to: [{ role: roleName(role), address: email }],
      ...mailOf(context.templates.render('mail/by-hand-notice.md.liquid', variables)),
      attachments: [],
    })
    .catch((error: unknown) => context.log.error({ err: error }, 'the outage of the store could be told to nobody'));
}
