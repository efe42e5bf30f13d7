/** The buttons that Gapwatch posts. Their ids stay valid for ever: old messages keep their buttons. */
export const BUTTONS = ['claim', 'diagnose', 'update', 'resolve', 'next', 'stop', 'open'] as const;
export type Button = (typeof BUTTONS)[number];

/** The `action_id` of a button: `gapwatch:claim`. */
export function actionId(button: Button): string {
  return `gapwatch:${button}`;
}

/** Reads an `action_id` back; null when it is none of ours. */
export function parseActionId(id: string): Button | null {
  return BUTTONS.find((button) => actionId(button) === id) ?? null;
}
