/** A name, which may be empty, and an address. */
export type Mailbox = { readonly name: string; readonly address: string };

/** Reads `a@clinic.example`, `Name <a@clinic.example>` and lists of both, separated by commas or semicolons. What is no address is left out. */
export function parseMailboxes(text: string): readonly Mailbox[] {
  return parts(text).flatMap((part) => {
    const mailbox = mailboxOf(part);
    return mailbox === null ? [] : [mailbox];
  });
}

/** Whether all of a text is mailboxes: at least one, at most `most`. */
export function areMailboxes(text: string, most = 20): boolean {
  const all = parts(text);
  return all.length >= 1 && all.length <= most && all.every((part) => mailboxOf(part) !== null);
}

function parts(text: string): readonly string[] {
  return text
    .split(/[,;](?=(?:[^"]*"[^"]*")*[^"]*$)/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

const ADDRESS = /^[^\s@<>",;]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/;

function mailboxOf(part: string): Mailbox | null {
  const [, name = '', inner] = /^(.*?)\s*<([^<>]*)>$/.exec(part) ?? [];
  const address = (inner ?? part).trim();
  return ADDRESS.test(address) ? { name: name.replace(/^"|"$/g, '').trim(), address } : null;
}
