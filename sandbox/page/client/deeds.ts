import type { Deed } from '../deeds.ts';
import type { DeedAnswer, Person } from '../state.ts';

/** Asks for a message; answers whether it was done. */
export type Act = (deed: Deed) => Promise<boolean>;
/** Who acts on the page, and how. */
export type Does = { readonly me: Person; readonly act: Act };

/** Sends actions to the sandbox; `tell` is given the reason when one is refused, and null when it is done. */
export function act(tell: (refused: string | null) => void): Act {
  return async (deed) => {
    const refused = await send(deed).catch(() => 'The demo does not answer. Is it still running in its terminal?');
    tell(refused);
    return refused === null;
  };
}

async function send(deed: Deed): Promise<string | null> {
  const response = await fetch('/deeds', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(deed) });
  if (!response.ok) return response.text();
  const { refused }: DeedAnswer = await response.json();
  return refused;
}
