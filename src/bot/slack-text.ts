import type { AppContext } from '#workflows/context.ts';
import { channelName, groupHandle, personName } from './people.ts';

/** What Slack writes for people, groups, channels, links and dates, and the three characters that it escapes. */
const TOKEN = /<([@#!])?([^<>|]*)(?:\|([^<>]*))?>|&(amp|lt|gt);/g;
const CHARACTER = { amp: '&', lt: '<', gt: '>' } as const;

/**
 * Returns what people see of a text as Slack sends it: names for the IDs of people, groups and channels, labels for links, and `&`, `<`, `>`
 * decoded once, in one pass, so that what somebody typed as `&lt;` stays so (https://docs.slack.dev/messaging/formatting-message-text).
 */
export async function readableText(context: AppContext, wire: string): Promise<string> {
  const ids = [...new Set(Array.from(wire.matchAll(TOKEN), ([token]) => token))];
  const readable = new Map(await Promise.all(ids.map(async (token) => [token, await readableToken(context, token)] as const)));
  return wire.replace(TOKEN, (token) => readable.get(token) ?? token);
}

async function readableToken(context: AppContext, token: string): Promise<string> {
  const [, sign, what = '', label = '', character] = new RegExp(TOKEN.source).exec(token) ?? [];
  if (character === 'amp' || character === 'lt' || character === 'gt') return CHARACTER[character];
  const words = decoded(label);
  switch (sign) {
    case '@':
      return `@${words || ((await personName(context, what)) ?? what)}`;
    case '#':
      return `#${words || ((await channelName(context, what)) ?? what)}`;
    case '!':
      return special(context, what, words);
    default:
      return words || decoded(what.replace(/^(mailto|tel):/, ''));
  }
}

async function special(context: AppContext, what: string, words: string): Promise<string> {
  const [name = '', id = ''] = what.split('^');
  if (name === 'subteam') return words === '' ? `@${(await groupHandle(context, id)) ?? id}` : `@${words.replace(/^@/, '')}`;
  return words === '' ? `@${name}` : words;
}

function decoded(text: string): string {
  return text.replace(/&(amp|lt|gt);/g, (entity, name: 'amp' | 'lt' | 'gt') => CHARACTER[name] ?? entity);
}
