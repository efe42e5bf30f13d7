import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';

/** The three who may command, as the page offers them. */
export const ACTORS = [PEOPLE.robin, PEOPLE.sam, PEOPLE.kim] as const;
export type ActorId = (typeof ACTORS)[number]['id'];
