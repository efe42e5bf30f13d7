import type { Policy } from '#domain/base/policy.ts';
import type { Verdict } from '#domain/checks/verdict.ts';
import type { RunningCheck } from '#domain/incident/state.ts';
import { nextStepButton, type SlackMessage, slackMessage, stopButton } from './blocks.ts';
import type { Templates } from './render.ts';

/** Whether an answer is being kept current: when it was read last, and until when it is. */
export type Live = { readonly readAt: Date; readonly until: Date };

type Answer = { readonly check: string; readonly request: string; readonly verdict: Verdict; readonly live: Live | null };

/** A check's answer, with its next step as a button; one that is kept current can be stopped. */
export function checkMessage(templates: Templates, policy: Policy, { check, request, verdict, live }: Answer): SlackMessage {
  const buttons = live ? stopButton(request) : nextStepButton(verdict, policy.runbooks);
  return slackMessage(templates.render('slack/check.liquid', checkVariables(check, verdict, live)), buttons);
}

/** What the template of a check's answer may use; every field is filled. */
export function checkVariables(check: string, verdict: Verdict, live: Live | null): Readonly<Record<string, unknown>> {
  const figures = verdict.figures.map((figure) => ({ ...figure, url: figure.url ?? '' }));
  return { check, verdict: { ...verdict, figures }, live: live ?? '' };
}

/** A check that is still at work, with what it has told so far. */
export function progressMessage(templates: Templates, running: Omit<RunningCheck, 'request'>, request: string | null): SlackMessage {
  const variables = { check: running.check, askedBy: running.askedBy, lines: running.lines, stoppedBy: running.stoppedBy ?? '' };
  const buttons = request === null || running.stoppedBy !== null ? [] : stopButton(request);
  return slackMessage(templates.render('slack/check-progress.liquid', variables), buttons);
}
