import { authSchema, type Call, read, type User } from './shapes.ts';

/** A person as Slack knows them. `isOutside`: a guest, somebody of another company, deactivated, or no person at all. */
export type SlackUser = { readonly name: string; readonly email: string | null; readonly isOutside: boolean };

/** Whose token it is: the bot itself, its workspace, and on Enterprise Grid its organization; `scopes` where Slack said them. */
export type OwnIdentity = {
  readonly name: string;
  readonly userId: string;
  readonly teamId: string;
  readonly enterpriseId: string | null;
  readonly scopes: readonly string[] | null;
};

/** Asks whose token it is. */
export async function whoAmI(call: Call): Promise<OwnIdentity> {
  const { user, user_id, team_id, enterprise_id, response_metadata } = read(authSchema, 'auth.test', await call('auth.test'));
  return { name: user, userId: user_id, teamId: team_id, enterpriseId: enterprise_id ?? null, scopes: response_metadata?.scopes ?? null };
}

/**
 * Whether somebody is no full member of our workspace or organization. `is_stranger` does not say it: it is false for people of another company
 * in a channel that is shared with us, the very ones in question (https://docs.slack.dev/reference/objects/user-object). The workspace does,
 * and on Enterprise Grid the organization, so that sister workspaces are at home.
 */
export function isOutside(user: User, home: OwnIdentity): boolean {
  if ([user.is_restricted, user.is_ultra_restricted, user.is_stranger, user.is_bot, user.deleted].includes(true)) return true;
  if (user.id === 'USLACKBOT') return true;
  const { enterprise_user } = user;
  const isSister = home.enterpriseId !== null && enterprise_user?.enterprise_id === home.enterpriseId;
  return user.team_id !== home.teamId && !isSister && enterprise_user?.teams?.includes(home.teamId) !== true;
}
