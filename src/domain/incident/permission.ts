import type { Policy } from '#domain/base/policy.ts';
import type { Person } from './actor.ts';

/**
 * What a person needs to give a command. `nobody`: only Gapwatch itself gives it. `member`: a member of the incident channel; while Slack
 * does not say who somebody is, its signature must do. `confirmed-member`: one whom Slack has confirmed as a full member of our workspace in
 * the channel, for what changes something important. `approver`: a confirmed member who is one of `approvals.approvers` in runbook.yaml, or
 * any confirmed member while it names nobody.
 */
export type Permission = 'nobody' | 'anybody' | 'member' | 'confirmed-member' | 'approver';

/**
 * What is known of the person who asks, as far as Slack told it in time: how they belong to the channel (`member`: Slack has confirmed it),
 * and to which of the user groups that the policy names.
 */
export type Identity = {
  readonly channel: string;
  readonly relation: 'member' | 'guest-or-stranger' | 'not-in-channel' | 'unknown';
  readonly groups: readonly string[] | 'unknown';
};

/**
 * Why a person may not do something: a sentence for them. `whoMay` are the Slack IDs of those who may, where the policy names them; `hint`
 * says when it is worth trying again.
 */
export type Denial = { readonly message: string; readonly whoMay: readonly string[]; readonly hint: string };

/** Returns why this person may not do what needs the permission; null when they may. */
export function denialOf(
  permission: Permission,
  person: Person,
  identity: Identity | null,
  { approvers }: Pick<Policy, 'approvers'>,
): Denial | null {
  if (permission === 'anybody') return null;
  if (permission === 'nobody') return deny('Only Gapwatch itself does that.');
  const channel = identity?.channel ?? '#incidents';
  if (identity?.relation === 'guest-or-stranger')
    return deny(`Guests and people of other workspaces can't command Gapwatch. Ask a member of ${channel}.`);
  if (identity?.relation === 'not-in-channel') return deny(`Only members of ${channel} can command Gapwatch. Join the channel first.`);
  if (permission === 'member') return null;
  if (identity?.relation !== 'member')
    return deny('Slack did not say in time who you are, and this needs a confirmed member of the channel. Try again in a moment.');
  if (permission === 'confirmed-member' || approvers.length === 0 || approvers.includes(person.slackId)) return null;
  const groups = identity?.groups ?? 'unknown';
  if (groups !== 'unknown' && groups.some((group) => approvers.includes(group))) return null;
  const hint = groups === 'unknown' ? ' Slack did not say in time who belongs to them, so try again if you do.' : '';
  return { message: 'Only those named under approvals.approvers in runbook.yaml may do that.', whoMay: approvers, hint };
}

function deny(message: string): Denial {
  return { message, whoMay: [], hint: '' };
}
