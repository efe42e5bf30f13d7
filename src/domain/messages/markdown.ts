import MarkdownIt, { type StateCore, type Token } from 'markdown-it';

/** A mail, made of one Markdown source. */
export type MailText = { readonly subject: string; readonly text: string; readonly html: string };

/**
 * Makes a mail of Markdown whose first line is `Subject: …`. The text reads like a letter: lists and lines as they are written, no marks of
 * Markdown, a link's address on a line of its own. The HTML is a page that needs no style sheet, on a narrow screen, bright or dark.
 * Foreign text shows as just what it is in both, provided that it came through {@link escapeMarks}, {@link codeMark} or {@link linkMark}.
 */
export function mailOf(markdown: string): MailText {
  const [first = '', ...rest] = markdown.split('\n');
  const subject = plainText(first.replace(/^Subject:\s*/, ''));
  const body = rest.join('\n').trim();
  return { subject, text: `${plainText(body)}\n`, html: page(subject, MARKDOWN.render(body)) };
}

/** Foreign text as Markdown that shows just it, wherever it stands: every mark is escaped (CommonMark 2.4), line breaks are folded. */
export function escapeMarks(text: string): string {
  return oneLine(text).replace(/[!-/:-@[-`{-~]/g, '\\$&');
}

/** Foreign text as a code span. Backticks would end it and become quotes. */
export function codeMark(text: string): string {
  const inner = oneLine(text).replaceAll('`', "'");
  return inner === '' ? '(empty)' : `\`${inner}\``;
}

/** A link, or just its label when the address is no http(s) URL. */
export function linkMark(url: string, label: string): string {
  return WEB_ADDRESS.test(url) ? `[${escapeMarks(label)}](${url})` : escapeMarks(label);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

const WEB_ADDRESS = /^https?:\/\/[^\s<>()\\]+$/;

/** What mails are written with, and nothing else: no HTML, no images, no address that becomes a link by itself. */
const MARKS = ['list', 'heading', 'emphasis', 'link', 'backticks', 'newline', 'escape'];
const MARKDOWN = markdownIt();

function markdownIt() {
  const markdown = new MarkdownIt('zero', { html: false, linkify: false, breaks: true }).enable(MARKS);
  markdown.validateLink = (url) => WEB_ADDRESS.test(url);
  // Before escaped marks become text like any other: foreign text draws no boxes.
  markdown.core.ruler.before('text_join', 'boxes', markBoxes);
  markdown.core.ruler.push('styles', addStyles);
  markdown.renderer.rules.box = (tokens, index) => (tokens[index]?.content === DONE ? 'done: ' : 'open: ');
  return markdown;
}

const DONE = '[x] ';
const OPEN = '[ ] ';

/** The boxes of a checklist, `- [ ]` and `- [x]`: drawn in the text, words in HTML, where a screen reader reads them. */
function markBoxes({ tokens, Token }: StateCore): void {
  for (const [index, { children }] of tokens.entries()) {
    const first = children?.[0];
    const mark = [DONE, OPEN].find((each) => first?.type === 'text' && first.content.startsWith(each));
    if (!first || mark === undefined || tokens[index - 2]?.type !== 'list_item_open') continue;
    first.content = first.content.slice(mark.length);
    const box = new Token('box', '', 0);
    box.content = mark;
    children.unshift(box);
  }
}

/** Mail programs drop style sheets; colors are the reader's own. */
const STYLES: Readonly<Record<string, string>> = {
  p: 'margin: 0 0 1em',
  ul: 'margin: 0 0 1em; padding-left: 1.5em',
  ol: 'margin: 0 0 1em; padding-left: 1.5em',
  code: 'font-family: monospace',
};

function addStyles({ tokens }: StateCore): void {
  for (const token of tokens.flatMap((each) => [each, ...(each.children ?? [])])) {
    const style = STYLES[token.tag];
    if (style !== undefined && token.nesting >= 0) token.attrSet('style', style);
  }
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en" style="color-scheme: light dark">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${MARKDOWN.utils.escapeHtml(title)}</title>
</head>
<body style="margin: 0; padding: 1em; font: 16px/1.5 sans-serif">
<main style="max-width: 40em; margin: 0 auto; overflow-wrap: anywhere">
${body.trim()}
</main>
</body>
</html>
`;
}

function plainText(markdown: string): string {
  const source = markdown.split('\n');
  const lines: string[] = [];
  const markers: string[] = [];
  let isItemsFirst = false;
  for (const token of MARKDOWN.parse(markdown, {})) {
    if (token.type === 'list_item_open') markers.push(`${token.info}${token.markup} `);
    if (token.type === 'list_item_close') markers.pop();
    isItemsFirst ||= token.type === 'list_item_open';
    if (token.type !== 'inline') continue;
    // As close together as they are written.
    if (lines.length > 0 && source[(token.map?.[0] ?? 0) - 1]?.trim() === '') lines.push('');
    const indent = ' '.repeat(markers.join('').length);
    const first = isItemsFirst ? indent.slice(markers.at(-1)?.length) + (markers.at(-1) ?? '') : indent;
    lines.push(...plainLines(token.children ?? []).map((line, index) => (index === 0 ? first : indent) + line));
    isItemsFirst = false;
  }
  return lines.join('\n');
}

function plainLines(tokens: readonly Token[]): readonly string[] {
  let text = '';
  let address = '';
  let isAfterAddress = false;
  for (const { type, content, attrs } of tokens) {
    if (type === 'link_open') address = String(attrs?.find(([name]) => name === 'href')?.[1] ?? '');
    const written =
      type === 'link_close' ? `:\n${address}` : type.endsWith('break') ? '\n' : type === 'code_inline' ? `"${content}"` : content;
    if (written === '') continue;
    text += isAfterAddress && !written.startsWith('\n') ? `\n${written.trimStart()}` : written;
    isAfterAddress = type === 'link_close';
  }
  return text.split('\n');
}
