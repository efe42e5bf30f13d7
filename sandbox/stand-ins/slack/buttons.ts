import type { SlackBlock } from './block-kit.ts';

/** What has buttons: a message of the channel, or an answer to one person. */
export type Pressable = { readonly blocks: readonly SlackBlock[]; readonly channel?: string; readonly ts?: string };

export type PressedButton = { readonly action_id: string; readonly value?: string | undefined; readonly text: unknown };

/** The button with this label; throws, naming the labels there are, when there is none. */
export function buttonOf(message: Pressable, label: string): PressedButton {
  const buttons = buttonsIn(message);
  const wanted = buttons.find(({ text }) => text.text === label);
  if (!wanted) throw new Error(`the message has no button "${label}", only ${buttons.map(({ text }) => text.text).join(', ') || 'none'}`);
  return { action_id: wanted.action_id, value: wanted.value, text: wanted.text };
}

/** The button with this action id; throws when there is none. */
export function buttonNamed(message: Pressable, actionId: string): PressedButton {
  const wanted = buttonsIn(message).find(({ action_id }) => action_id === actionId);
  if (!wanted) throw new Error(`the message has no button ${actionId}`);
  return { action_id: wanted.action_id, value: wanted.value, text: wanted.text };
}

function buttonsIn({ blocks }: Pressable) {
  return blocks.flatMap((block) => {
    if (block.type === 'section') return block.accessory ? [block.accessory] : [];
    return block.type === 'actions' ? block.elements : [];
  });
}
