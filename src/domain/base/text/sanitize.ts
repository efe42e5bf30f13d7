/**
 * Foreign text (alert titles, people's words, service answers) made safe to keep: well-formed Unicode, no control characters, at
 * most `limit` characters with an ellipsis where it was cut. Escaping belongs to the message, not here.
 */
export function foreignText(text: string, limit = 500): string {
  const clean = text
    .toWellFormed()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed here
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, ' ')
    .trim();
  const characters = Array.from(clean);
  return characters.length <= limit ? clean : `${characters.slice(0, limit - 1).join('')}…`;
}

/** One line of foreign text: as {@link foreignText}, with line breaks and runs of spaces folded. */
export function foreignLine(text: string, limit = 300): string {
  return foreignText(text.replace(/\s+/g, ' '), limit);
}
