import type { Action } from '../actions.ts';
import type { ActionAnswer, Person } from '../state.ts';

/** Asks for a message; answers whether it was done. */
export type Act = (action: Action) => Promise<boolean>;
/** Who acts on the page, and how. */
export type Does = { readonly me: Person; readonly act: Act };

/** Sends actions to the sandbox; `tell` is given the reason when one is refused, and null when it is done. */
export function act(tell: (refused: string | null) => void): Act {
  return async (action) => {
    const refused = await send(action).catch(() => 'The demo does not answer. Is it still running in its terminal?');
    tell(refused);
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
