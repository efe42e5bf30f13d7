import type { AppContext } from '#workflows/context.ts';

/** The incident channel as people read it: by its present name where Slack told it, since people rename channels. */
export function channelLabel({ channel, remembered }: Pick<AppContext, 'channel' | 'remembered'>): string {
  const name = remembered.channel.name ?? channel.replace(/^#/, '');
  return /^[CG][A-Z0-9]{6,}$/.test(name) ? 'the incident channel' : `#${name}`;
}
