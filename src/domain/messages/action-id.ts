/** The buttons that Gapwatch posts. Their ids stay valid for ever: old messages keep their buttons. */
export const BUTTONS = [
  'claim',
  'diagnose',
  'update',
  'gap',
  'roles',
  'tasks',
  'resolve',
  'assess',
  'close',
  'declare',
  'task',
  'timeline',
  'next',
  'stop',
  'remedy-approve',
  'remedy-decline',
  'remedy-stop',
  'open',
] as const;
export type Button = (typeof BUTTONS)[number];

/** The `action_id` of a button: `gapwatch:claim`; with a suffix where a message has several of a kind. */
export function actionId(button: Button, which = ''): string {
  return which === '' ? `gapwatch:${button}` : `gapwatch:${button}:${which}`;
}

/** Reads an `action_id` back; null when it is none of ours. */
export function parseActionId(id: string): Button | null {
  const [prefix, name] = id.split(':');
  return prefix === 'gapwatch' ? (BUTTONS.find((button) => button === name) ?? null) : null;
}
