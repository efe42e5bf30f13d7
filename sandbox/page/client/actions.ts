import type { Action } from '../actions.ts';
import type { ActionAnswer, Person } from '../state.ts';

/** Asks for a message; answers whether it was done. */
export type Act = (action: Action) => Promise<boolean>;
/** Who acts on the page, and how. */
export type Does = { readonly me: Person; readonly act: Act };

/** Sends actions to the sandbox; `tell` is given null when one is sent, and the reason when it is refused. */
export function act(tell: (refused: string | null) => void): Act {
  return async (action) => {
    // Cleared at the beginning: the late answer of one action must not take away the refusal of the next.
    tell(null);
    const refused = await send(action).catch(() => 'The demo does not answer. Is it still running in its terminal?');
    if (refused !== null) tell(refused);
    return refused === null;
  };
}

async function send(action: Action): Promise<string | null> {
  const response = await fetch('/actions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(action),
  });
  if (!response.ok) return response.text();
  const { refused }: ActionAnswer = await response.json();
  return refused;
}
