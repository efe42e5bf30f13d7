import type { Answer } from '#domain/incident/call.ts';
import { callNamed, incidentName } from '#domain/incident/state.ts';
import { actionsTaken } from '#domain/incident/timeline.ts';
import { incidentView, latenessOf } from '#domain/messages/view.ts';
import type { Attempt } from './attempt.ts';
import { load } from './handle.ts';
import type { House } from './house.ts';

/**
 * Sends a notice to the Privacy Officer. All notices of an incident are one thread. SMTP can't be asked what it took, so after an
 * unclear attempt the mail goes again under the same Message-ID, by which mailboxes recognise a copy.
 */
export async function doInMail(house: House, { incident, call, mustLook }: Attempt): Promise<Answer> {
  const isFinal = call.deed.kind === 'final-notice';
  const name = incidentName(incident.number);
  const now = house.now();
  const view = { ...incidentView(incident, now, house.policy), late: latenessOf(call, now) };
  const report = isFinal ? await reportOf(house, incident.number) : null;
  const { facts } = await load(house, incident.number);
  const variables = { incident: view, sentAt: now, actions: actionsTaken(facts), attached: report !== null };
  const template = isFinal ? 'mail/final-notice' : 'mail/opening-notice';
  const { subject, text } = splitSubject(house.templates.render(`${template}.text.liquid`, variables));
  const opening = house.mail.messageId(`${name}.opening-notice`);
  const { refusedRoles, says } = await house.mail.send({
    messageId: isFinal ? house.mail.messageId(`${name}.${call.key}`) : opening,
    inReplyTo: isFinal ? opening : null,
    to: [house.privacyOfficer],
    subject,
    text,
    html: house.templates.render(`${template}.html.liquid`, variables),
    attachment: report,
  });
  return {
    refusedRoles: [...refusedRoles],
    says: mustLook ? `${says}; sent again with the same Message-ID after an unclear attempt` : says,
  };
}

async function reportOf(house: House, number: number): Promise<{ readonly name: string; readonly content: string } | null> {
  const { incident } = await load(house, number);
  const status = incident ? callNamed(incident, `reports/resolution-report/${incident.resolutions}`)?.status : undefined;
  if (status?.name !== 'succeeded' || status.answer.file === undefined) return null;
  return { name: status.answer.file, content: await house.reports.read(status.answer.file) };
}

/** A mail template's first line is its subject. */
function splitSubject(rendered: string): { readonly subject: string; readonly text: string } {
  const [first = '', ...rest] = rendered.split('\n');
  return { subject: first.replace(/^Subject:\s*/, ''), text: `${rest.join('\n').trim()}\n` };
}
