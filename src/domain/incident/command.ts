import { type OutboxCommand, outboxCommands } from '#domain/incident/outbox/outcome.ts';
import { type AlertCommand, alertCommands, type OpeningCommand } from './alerts.ts';
import { type CheckCommand, checkCommands } from './check-runs.ts';
import { type CommanderCommand, commanderCommands } from './commander.ts';
import type { CommandRows } from './concern.ts';
import { type EscalationCommand, escalationCommands } from './escalations.ts';
import { type FollowUpCommand, followUpCommands } from './follow-up.ts';
import { type GapCorrectionCommand, gapCorrectionCommands } from './gap-corrections.ts';
import { gapTrackingCommands, type TableReadCommand } from './gap-tracking.ts';
import { type HhsCommand, hhsCommands } from './hhs.ts';
import { type NoticeCommand, noticeCommands } from './notices.ts';
import type { Permission } from './permission.ts';
import { type RemedyCommand, remedyCommands } from './remedy-runs.ts';
import { type ResolutionCommand, resolutionCommands } from './resolution.ts';
import { type SlackOutageCommand, slackOutageCommands } from './slack-outage.ts';
import { type StatementCommand, statementCommands } from './statements.ts';
import { type TaskCommand, taskCommands } from './tasks.ts';
import { type UpdateCommand, updateCommands } from './updates.ts';

/** Everything that can be asked of an incident. Who asks is the actor beside it. */
export type Command =
  | OpeningCommand
  | AlertCommand
  | CommanderCommand
  | StatementCommand
  | UpdateCommand
  | EscalationCommand
  | TableReadCommand
  | GapCorrectionCommand
  | CheckCommand
  | RemedyCommand
  | ResolutionCommand
  | FollowUpCommand
  | HhsCommand
  | NoticeCommand
  | TaskCommand
  | SlackOutageCommand
  | OutboxCommand;

export type LaterCommand = Exclude<Command, OpeningCommand>;

/** Every command that an incident takes once it is open: who may give it, and what follows. The rows stand with their concern. */
export const COMMANDS: CommandRows<LaterCommand> = {
  ...alertCommands,
  ...commanderCommands,
  ...statementCommands,
  ...updateCommands,
  ...escalationCommands,
  ...gapTrackingCommands,
  ...gapCorrectionCommands,
  ...checkCommands,
  ...remedyCommands,
  ...resolutionCommands,
  ...followUpCommands,
  ...hhsCommands,
  ...noticeCommands,
  ...taskCommands,
  ...slackOutageCommands,
  ...outboxCommands,
};

const OPENING: Readonly<Record<OpeningCommand['kind'], Permission>> = { 'alert-fired': 'nobody', declare: 'member' };

/** Returns what a person needs to give a command of this kind. */
export function permissionOf(kind: Command['kind']): Permission {
  return kind === 'alert-fired' || kind === 'declare' ? OPENING[kind] : COMMANDS[kind].permission;
}
