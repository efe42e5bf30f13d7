/** Returns prose in lines of at most 116 characters, so that with a mark before it a line stays within 120. */
export function wrapped(text: string): readonly string[] {
  return text.match(/\S.{0,115}(?= |$)/g) ?? [];
}
