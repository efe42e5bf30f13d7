import { contactOf, roleName } from '#domain/base/policy.ts';
import { between, DAY, HOUR, SECOND } from '#domain/base/time.ts';
import type { Answer, Payload } from '#domain/incident/outbox/message.ts';
import { type Incident, incidentName, outboxMessage } from '#domain/incident/state.ts';
import { timeline } from '#domain/incident/timeline.ts';
import { mailOf } from '#domain/messages/markdown.ts';
import { type Enclosed, noticeVariables } from '#domain/messages/notice.ts';
import { timelineCsv } from '#domain/messages/timeline-csv.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { Attachment, Mail, Recipient } from '#services/mail.ts';
import { ATTACHMENTS_REFUSED } from '#services/mail-failure.ts';
import { keepSent } from '#store/sent-messages.ts';
import { checkVerdict } from '#workflows/checks/verdict.ts';
import type { AppContext } from '#workflows/context.ts';
import { load } from '#workflows/execute.ts';
import { receiptLink } from '#workflows/intake/receipt.ts';
import { signIncident, signLedger, statementFile } from '#workflows/upkeep/sign-evidence.ts';
import type { Attempt } from './attempt.ts';
import { chartImage } from './chart-image.ts';

/**
 * Sends a notice. All notices of an incident are one thread. SMTP can't be asked what it took, so after an unclear attempt the mail
 * goes again under the same Message-ID, by which mailboxes recognize a copy.
 */
export async function deliverMail(context: AppContext, { incident, outgoing, mustLook, number: attempt }: Attempt): Promise<Answer> {
  const name = incidentName(incident.number);
  const now = context.now();
  const { events } = await load(context, incident.number);
  const enclosures = await enclosuresOf(context, incident, outgoing.payload);
  const receiptUrl = asksReceipt(outgoing.payload) ? receiptLink(context, incident.number, outgoing.key, now) : '';
  const thread = context.mail.messageId(`${name}.thread`);
  const opening = context.mail.messageId(`${name}.opening-notice`);
  const isOpening = outgoing.payload.kind === 'opening-notice';
  const mailWith = ({ attachments, enclosed }: Enclosures): Mail => {
    const variables = noticeVariables(incident, outgoing, { events, now, policy: context.policy, receiptUrl, enclosed });
    return {
      messageId: isOpening ? opening : context.mail.messageId(`${name}.${outgoing.key}`),
      inReplyTo: isOpening ? null : opening,
      references: isOpening ? [thread] : [thread, opening],
      to: [recipientOf(context, outgoing.payload)],
      ...mailOf(context.templates.render(`mail/${outgoing.payload.kind}.md.liquid`, variables)),
      attachments,
    };
  };
  const send = async (mail: Mail) => {
    const sent = { incident: incident.number, message: outgoing.key, attempt, at: now, content: recordOf(mail) };
    return { contentSha256: await keepSent(context.database, sent), ...(await context.mail.send(mail)) };
  };
  const { contentSha256, refusedRoles, message } = await send(mailWith(enclosures)).catch((error: unknown) => {
    if (!(error instanceof ServiceFailure) || error.code !== ATTACHMENTS_REFUSED || enclosures.attachments.length === 0) throw error;
    return send(mailWith(withoutAttachments(enclosures, error)));
  });
  return {
    contentSha256,
    refusedRoles: [...refusedRoles],
    ...(receiptUrl === '' ? {} : { asksReceipt: true }),
    message: mustLook ? `${message}; sent again with the same Message-ID after an unclear attempt` : message,
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
function asksReceipt({ kind }: Payload): boolean {
  return kind === 'opening-notice' || kind === 'final-notice' || kind === 'correction-notice';
}

function recipientOf(context: AppContext, payload: Payload): Recipient {
  const role = 'role' in payload ? payload.role : 'privacy-officer';
  const { email } = contactOf(context.policy, role);
  if (email === undefined) throw new ServiceFailure('mail', 'refused', `no e-mail address is known for the ${roleName(role)}`);
  return { role: roleName(role), address: email };
}

type Enclosures = { readonly attachments: readonly Attachment[]; readonly enclosed: Enclosed };

/** The notice matters more than what comes along: a server that refuses the attachments gets it without them, and it says so. */
function withoutAttachments({ enclosed }: Enclosures, { message }: ServiceFailure): Enclosures {
  const why = `${enclosed.attached.join(', ')} (${message}); ask the on-call team for them`;
  return { attachments: [], enclosed: { attached: [], missing: [...enclosed.missing, why] } };
}

/**
 * With the final notice report, chart and timeline; with every one the signed statement of the ledger, where there is a key. What can't be made is
 * named with its reason; the notice goes all the same.
 */
async function enclosuresOf(context: AppContext, incident: Incident, { kind }: Payload): Promise<Enclosures> {
  const made = [...(kind === 'final-notice' ? await documents(context, incident) : []), await ledgerStatement(context)];
  const attachments = made.flatMap((each) => (each && 'content' in each ? [each] : []));
  const missing = made.flatMap((each) => (each && 'why' in each ? [each.why] : []));
  return { attachments, enclosed: { attached: attachments.map(({ name }) => name), missing } };
}

async function documents(context: AppContext, incident: Incident): Promise<readonly (Made | null)[]> {
  const { events } = await load(context, incident.number);
  const csv = `${incidentName(incident.number)}-timeline.csv`;
  return [
    await reportOf(context, incident),
    await chartOf(context, incident),
    { name: csv, content: timelineCsv(timeline(events)), contentType: 'text/csv; charset=utf-8' },
    await statementOf(context, incident),
  ];
}

type Made = Attachment | { readonly why: string };

async function reportOf(context: AppContext, incident: Incident): Promise<Made> {
  const status = outboxMessage(incident, `reports/resolution-report/${incident.resolutions}`)?.status;
  if (status?.name !== 'succeeded' || status.answer.file === undefined) return { why: 'the report (it could not be written in time)' };
  const content = await context.reports.read(status.answer.file);
  return { name: status.answer.file, content, contentType: 'text/markdown; charset=utf-8' };
}

async function statementOf(context: AppContext, incident: Incident): Promise<Made | null> {
  const signature = await signIncident(context, incident.number);
  if (signature === null) return null;
  return { name: `${incidentName(incident.number)}-evidence.json`, content: statementFile(signature), contentType: 'application/json' };
}

/** A later change of anything on record shows to whoever keeps this: `verify --statement`. */
async function ledgerStatement(context: AppContext): Promise<Attachment | null> {
  const statement = await signLedger(context);
  return statement && { name: 'gapwatch-ledger.json', content: statementFile(statement), contentType: 'application/json' };
}

/** The chart may not hold the notice up for longer than this. */
const CHART_WITHIN = 10 * SECOND;

async function chartOf(context: AppContext, incident: Incident): Promise<Made> {
  const lengths = [incident.startedAt, ...incident.gaps.map(({ start }) => start.at)].map((at) => between(at, context.now()));
  const length = Math.max(...lengths) + HOUR / 2;
  const window = length <= 2 * HOUR ? '2h' : length <= DAY ? '24h' : length <= 30 * DAY ? '30d' : '12mo';
  const verdict = await checkVerdict(context, 'gaps', window, { within: CHART_WITHIN });
  if (verdict.chart === undefined) return { why: `the chart (${verdict.evidence.replace(/\.$/, '')})` };
  return { name: `${incidentName(incident.number)}-records.png`, content: await chartImage(verdict.chart), contentType: 'image/png' };
}
