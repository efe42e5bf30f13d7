import type { Policy } from '#domain/base/policy.ts';
import { incidentName, type RemedyRun } from '#domain/incident/state.ts';
import { type Block, remedyButtons, type SlackMessage, slackMessage } from './blocks.ts';
import type { Templates } from './render.ts';

/** A remedy as the thread shows it: its plan, who must do what, how far it is, and its end. */
export function remedyMessage(templates: Templates, policy: Pick<Policy, 'twoPerson'>, incident: number, run: RemedyRun): SlackMessage {
  return slackMessage(templates.render('slack/remedy.liquid', remedyVariables(run, policy)), buttonsOf(run, incident));
}

/** What the template of a remedy may use; every field is filled. */
export function remedyVariables(run: RemedyRun, { twoPerson }: Pick<Policy, 'twoPerson'>): Readonly<Record<string, unknown>> {
  const { remedy, argument, askedBy, confirmedBy, approvedBy, plan, status, progress, stoppedBy, isDryRun } = run;
  return {
    remedy: {
      command: `/remedy ${`${remedy} ${argument}`.trim()}`,
      status: status.name,
      askedBy: askedBy.name,
      approvedBy: [confirmedBy, approvedBy].flatMap((who) => who?.name ?? []).join(' and '),
      isConfirmed: confirmedBy !== null,
      takesTwo: remedy === 'recreate-table',
      isDryRun,
      twoPerson,
      expiresAt: status.name === 'planned' ? status.expiresAt : '',
      plan: plan ?? '',
      progress: progress.map(({ at, line, data }) => ({ at, line, url: data.url ?? '' })),
      stoppedBy: stoppedBy ?? '',
      outcome: status.name === 'ended' ? status.outcome : '',
      message: status.name === 'ended' ? status.message : '',
    },
  };
}

function buttonsOf({ status, request, stoppedBy }: RemedyRun, incident: number): readonly Block[] {
  const value = `${incidentName(incident)} ${request}`;
  switch (status.name) {
    case 'planned':
      return remedyButtons('planned', value);
    case 'approved':
      return stoppedBy === null ? remedyButtons('at-work', value) : [];
    case 'asked':
    case 'ended':
      return [];
    default:
      return status satisfies never;
  }
}
