import type { Reply } from '#bot/reply.ts';
import { typedText } from '#bot/typed.ts';
import { readMoment } from '#bot/typed-time.ts';
import { openForm } from '#bot/views/open.ts';
import { formatUtc } from '#domain/base/time.ts';
import { permissionOf } from '#domain/incident/command.ts';
import { give, onIncident, type Request, type Verb } from './request.ts';

/** What follows a resolution (runbook, "Post-Incident"). */
export const FOLLOW_UP_VERBS: Readonly<Record<string, Verb>> = {
  assess: {
    usage: 'assess',
    help: 'a form: the compliance impact (§16), filled in as far as it is known',
    run: (request) => onIncident(request, (number) => openForm(request.context, request.asker, 'assess', number)),
  },
  'post-mortem': { usage: 'post-mortem <time>', help: 'schedule the post-mortem; its document is written', run: postMortem },
  hhs: {
    permission: permissionOf('decide-hhs'),
    usage: 'hhs required|not-required because … | hhs notified',
    help: 'whether HHS must be notified, and that it was',
    run: hhs,
  },
};

async function postMortem(request: Request): Promise<Reply> {
  const read = await readMoment(request.context, request.asker.person, request.rest);
  if (read === null)
    return 'Give a time: `/incident post-mortem 2026-01-06 15:00`, or with its zone: `/incident post-mortem 2026-01-06 15:00 UTC`.';
  const done = `The post-mortem is scheduled for ${formatUtc(read.at)}; its document is being written. ${read.how}`.trimEnd();
  return give(request, { kind: 'schedule-post-mortem', for: read.at }, done);
}

async function hhs(request: Request): Promise<Reply> {
  if (/^notified$/i.test(request.rest)) return give(request, { kind: 'hhs-notified' }, 'Kept: HHS was notified.');
  const match = /^(required|not-required)\s+because\s+([\s\S]+)$/i.exec(request.rest);
  if (!match)
    return 'Say it with the reason: `/incident hhs required because <reason>`, `/incident hhs not-required because <reason>`, or `/incident hhs notified`.';
  const required = match[1]?.toLowerCase() === 'required';
  const because = typedText(match[2], 1_000);
  return give(request, { kind: 'decide-hhs', required, because }, required ? 'Kept. Its 60 days are being watched.' : 'Kept.');
}
