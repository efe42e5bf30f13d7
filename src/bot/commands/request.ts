import type { Asker, Reply } from '#bot/reply.ts';
import { hiddenWords } from '#bot/typed.ts';
import type { Command } from '#domain/incident/command.ts';
import type { Permission } from '#domain/incident/permission.ts';
import { incidentName } from '#domain/incident/state.ts';
import { currentIncident } from '#store/event-store.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, load, type Outcome } from '#workflows/execute.ts';

/** What a person asks of an incident: `rest` follows the verb; `number` is the incident they named, if they named one. */
export type Request = {
  readonly context: AppContext;
  readonly rest: string;
  readonly asker: Asker;
  readonly number: number | null;
  /** Slack IDs of the people who were mentioned, in their order. */
  readonly mentions: readonly string[];
};

/** A verb of `/incident`: what is typed, what it does, in the words of the help. */
export type Verb = {
  readonly usage: string;
  readonly help: string;
  /** What a person needs who types it, where being a member of the channel is not enough. */
  readonly permission?: Permission;
  readonly run: (request: Request) => Promise<Reply>;
};

export const NONE_OPEN = 'No incident is open. `/incident declare <reason>` opens one.';

/** Works on the incident that was named, or else on the current one. */
export async function onIncident({ context, number }: Request, work: (number: number) => Promise<Reply>): Promise<Reply> {
  if (number !== null) return (await load(context, number)).incident === null ? `There is no ${incidentName(number)}.` : work(number);
  const current = await currentIncident(context.database);
  return current === null ? NONE_OPEN : work(current);
}

/** Gives a command to the incident; answers the refusal, or `done`. */
export async function give(request: Request, command: Command, done: string): Promise<Reply> {
  return onIncident(request, async (number) =>
    said(await execute(request.context, number, command, request.asker), done, hiddenWords(request.rest, command)),
  );
}

/** A refusal's words, or what was done, and what was hidden. */
export function said({ incident, refused }: Outcome, done: string, hidden = ''): string {
  if (refused) return refused.message;
  return `${incident ? `${incidentName(incident.number)}: ` : ''}${done}${hidden === '' ? '' : ` ${hidden}`}`;
}
