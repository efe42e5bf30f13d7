import { contactOf, roleName } from '#domain/base/policy.ts';
import { between, DAY, HOUR, SECOND } from '#domain/base/time.ts';
import type { Answer, Deed } from '#domain/incident/call.ts';
import { callNamed, type Incident, incidentName } from '#domain/incident/state.ts';
import { timeline } from '#domain/incident/timeline.ts';
import { type Enclosed, noticeVariables } from '#domain/messages/notice.ts';
import { timelineCsv } from '#domain/messages/timeline-csv.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { Attachment, Mail, Recipient } from '#services/mail.ts';
import { keepSent } from '#store/sent-messages.ts';
import { verdictOf } from '#workflows/checks/verdict.ts';
import type { House } from '#workflows/context.ts';
import { load } from '#workflows/execute.ts';
import { receiptLink } from '#workflows/intake/receipt.ts';
import { signIncident, statementFile } from '#workflows/upkeep/sign-evidence.ts';
import type { Attempt } from './attempt.ts';
import { chartImage } from './chart-image.ts';

/**
 * Sends a notice. All notices of an incident are one thread. SMTP can't be asked what it took, so after an unclear attempt the mail
 * goes again under the same Message-ID, by which mailboxes recognise a copy.
 */
export async function doInMail(house: House, { incident, call, mustLook, number: attempt }: Attempt): Promise<Answer> {
  const name = incidentName(incident.number);
  const now = house.now();
  const { facts } = await load(house, incident.number);
  const { attachments, enclosed } = call.deed.kind === 'final-notice' ? await enclosures(house, incident) : NOTHING_ENCLOSED;
  const receiptUrl = asksReceipt(call.deed) ? receiptLink(house, incident.number, call.key, now) : '';
  const variables = noticeVariables(incident, call, { facts, now, policy: house.policy, receiptUrl, enclosed });
  const template = `mail/${call.deed.kind}`;
  const { subject, text } = splitSubject(house.templates.render(`${template}.text.liquid`, variables));
  const opening = house.mail.messageId(`${name}.opening-notice`);
  const isOpening = call.deed.kind === 'opening-notice';
  const mail: Mail = {
    messageId: isOpening ? opening : house.mail.messageId(`${name}.${call.key}`),
    inReplyTo: isOpening ? null : opening,
    to: [recipientOf(house, call.deed)],
    subject,
    text,
    html: house.templates.render(`${template}.html.liquid`, variables),
    attachments,
  };
  const content = recordOf(mail);
  const contentSha256 = await keepSent(house.database, { incident: incident.number, call: call.key, attempt, at: now, content });
  const { refusedRoles, says } = await house.mail.send(mail);
  return {
    contentSha256,
    refusedRoles: [...refusedRoles],
    ...(receiptUrl === '' ? {} : { asksReceipt: true }),
    says: mustLook ? `${says}; sent again with the same Message-ID after an unclear attempt` : says,
  };
}

/** A mail as it is kept: recipients by role, never by address; the link that acknowledges the receipt is left out, it works like a key. */
function recordOf({ messageId, to, subject, text, html, attachments }: Mail): string {
  const withoutLink = (body: string) => body.replaceAll(/\/receipt\?token=[\w.-]+/g, '/receipt?token=(left out)');
  const files = attachments.map(({ name, content, contentType }) => ({
    name,
    contentType,
    base64: Buffer.from(content).toString('base64'),
  }));
  const roles = to.map(({ role }) => role);
  return JSON.stringify({ messageId, to: roles, subject, text: withoutLink(text), html: withoutLink(html), attachments: files });
}

/** The notices whose reader is asked to say that they have read them. */
function asksReceipt({ kind }: Deed): boolean {
  return kind === 'opening-notice' || kind === 'final-notice' || kind === 'correction-notice';
}

function recipientOf(house: House, deed: Deed): Recipient {
  const role = 'role' in deed ? deed.role : 'privacy-officer';
  const { email } = contactOf(house.policy, role);
  if (email === undefined) throw new ServiceFailure('mail', 'refused', `no e-mail address is known for the ${roleName(role)}`);
  return { role: roleName(role), address: email };
}

type Enclosures = { readonly attachments: readonly Attachment[]; readonly enclosed: Enclosed };
const NOTHING_ENCLOSED: Enclosures = { attachments: [], enclosed: { attached: [], missing: [] } };

/** Report, chart and timeline. What can't be made is named with its reason; the notice goes all the same. */
async function enclosures(house: House, incident: Incident): Promise<Enclosures> {
  const { facts } = await load(house, incident.number);
  const csv = `${incidentName(incident.number)}-timeline.csv`;
  const made: readonly (Made | null)[] = [
    await reportOf(house, incident),
    await chartOf(house, incident),
    { name: csv, content: timelineCsv(timeline(facts)), contentType: 'text/csv; charset=utf-8' },
    await statementOf(house, incident),
  ];
  const attachments = made.flatMap((each) => (each && 'content' in each ? [each] : []));
  const missing = made.flatMap((each) => (each && 'why' in each ? [each.why] : []));
  return { attachments, enclosed: { attached: attachments.map(({ name }) => name), missing } };
}

type Made = Attachment | { readonly why: string };

async function reportOf(house: House, incident: Incident): Promise<Made> {
  const status = callNamed(incident, `reports/resolution-report/${incident.resolutions}`)?.status;
  if (status?.name !== 'succeeded' || status.answer.file === undefined) return { why: 'the report (it could not be written in time)' };
  const content = await house.reports.read(status.answer.file);
  return { name: status.answer.file, content, contentType: 'text/markdown; charset=utf-8' };
}

async function statementOf(house: House, incident: Incident): Promise<Made | null> {
  const signature = await signIncident(house, incident.number);
  if (signature === null) return null;
  return { name: `${incidentName(incident.number)}-evidence.json`, content: statementFile(signature), contentType: 'application/json' };
}

/** The chart may not hold the notice up for longer than this. */
const CHART_WITHIN = 10 * SECOND;

async function chartOf(house: House, incident: Incident): Promise<Made> {
  const starts = [incident.startedAt, ...incident.gaps.map(({ start }) => start.at)].map((at) => at.getTime());
  const length = between(new Date(Math.min(...starts)), house.now()) + HOUR / 2;
  const window = length <= 2 * HOUR ? '2h' : length <= DAY ? '24h' : length <= 30 * DAY ? '30d' : '12mo';
  const verdict = await verdictOf(house, 'gaps', window, { within: CHART_WITHIN });
  if (verdict.chart === undefined) return { why: `the chart (${verdict.evidence.replace(/\.$/, '')})` };
  return { name: `${incidentName(incident.number)}-records.png`, content: await chartImage(verdict.chart), contentType: 'image/png' };
}

/** A mail template's first line is its subject. */
export function splitSubject(rendered: string): { readonly subject: string; readonly text: string } {
  const [first = '', ...rest] = rendered.split('\n');
  return { subject: first.replace(/^Subject:\s*/, ''), text: `${rest.join('\n').trim()}\n` };
}
