/** Returns what CHANGELOG.md says under `## <version>, <YYYY-MM-DD>`; null where that version has no dated section, or an empty one. */
export function notesOf(changelog: string, version: string): string | null {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => text.startsWith(`${version}, `));
  if (section === undefined) return null;
  const [heading = '', ...lines] = section.split('\n');
  const isDated = /^, \d{4}-\d{2}-\d{2}$/.test(heading.slice(version.length));
  const notes = lines.join('\n').trim();
  return isDated && notes !== '' ? `${notes}\n` : null;
}
