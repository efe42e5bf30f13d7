import { z } from 'zod';
import { type Call, read } from './answers.ts';

/** A person as Slack knows them. `isOutside`: a guest, somebody of another company, deactivated, or no person at all. */
export type SlackUser = {
  readonly name: string;
  readonly email: string | null;
  readonly isOutside: boolean;
  /** The time zone that their Slack is set to, such as `America/Chicago`; null where Slack did not say. */
  readonly timeZone: string | null;
};

/** Whose token it is: the bot itself, its workspace, and on Enterprise Grid its organization; `scopes` where Slack said them. */
export type OwnIdentity = {
  readonly name: string;
  readonly userId: string;
  readonly teamId: string;
  readonly enterpriseId: string | null;
  readonly scopes: readonly string[] | null;
};

/** Asks whose token it is (`auth.test`). */
export async function whoAmI(call: Call): Promise<OwnIdentity> {
  const { user, user_id, team_id, enterprise_id, response_metadata } = read(authSchema, 'auth.test', await call('auth.test'));
  return { name: user, userId: user_id, teamId: team_id, enterpriseId: enterprise_id ?? null, scopes: response_metadata?.scopes ?? null };
}

/** Asks who somebody is (`users.info`), seen from the workspace `home`. */
export async function findUser(call: Call, id: string, home: Promise<OwnIdentity>): Promise<SlackUser> {
  const [known, answer] = await Promise.all([home, call('users.info', { user: id })]);
  const { user } = read(userSchema, 'users.info', answer);
  const name = user.profile?.display_name || user.real_name || user.name;
  return { name, email: user.profile?.email ?? null, isOutside: isOutside(user, known), timeZone: user.tz ?? null };
}

/** Returns the handle of a user group (`S…`); its ID where Slack lists none. */
export async function groupHandle(call: Call, id: string): Promise<string> {
  const { usergroups } = read(groupsSchema, 'usergroups.list', await call('usergroups.list'));
  return usergroups.find((group) => group.id === id)?.handle ?? id;
}

/** Returns the members of a user group (`S…`). */
export async function groupMembers(call: Call, usergroup: string): Promise<readonly string[]> {
  return read(groupSchema, 'usergroups.users.list', await call('usergroups.users.list', { usergroup })).users;
}

/**
 * Whether somebody is no full member of our workspace or organization. `is_stranger` does not say it: it is false for people of another company
 * in a channel that is shared with us, the very ones in question (https://docs.slack.dev/reference/objects/user-object). The workspace does,
 * and on Enterprise Grid the organization, so that sister workspaces are at home.
 */
function isOutside(user: User, home: OwnIdentity): boolean {
  if ([user.is_restricted, user.is_ultra_restricted, user.is_stranger, user.is_bot, user.deleted].includes(true)) return true;
  if (user.id === 'USLACKBOT') return true;
  const { enterprise_user } = user;
  const isSister = home.enterpriseId !== null && enterprise_user?.enterprise_id === home.enterpriseId;
  return user.team_id !== home.teamId && !isSister && enterprise_user?.teams?.includes(home.teamId) !== true;
}

const authSchema = z.object({
  user: z.string(),
  user_id: z.string(),
  team_id: z.string(),
  enterprise_id: z.string().nullish(),
  response_metadata: z.object({ scopes: z.array(z.string()).optional() }).optional(),
});
const userSchema = z.object({
  user: z.object({
    id: z.string(),
    team_id: z.string(),
    enterprise_user: z.object({ enterprise_id: z.string().optional(), teams: z.array(z.string()).optional() }).optional(),
    name: z.string(),
    real_name: z.string().optional(),
    is_restricted: z.boolean().optional(),
    is_ultra_restricted: z.boolean().optional(),
    is_stranger: z.boolean().optional(),
    is_bot: z.boolean().optional(),
    deleted: z.boolean().optional(),
    tz: z.string().optional(),
    profile: z.object({ display_name: z.string().optional(), email: z.string().optional() }).optional(),
  }),
});
type User = z.infer<typeof userSchema>['user'];
const groupsSchema = z.object({ usergroups: z.array(z.object({ id: z.string(), handle: z.string().optional() })) });
const groupSchema = z.object({ users: z.array(z.string()) });
