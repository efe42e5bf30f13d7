import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadTemplates } from '#app/templates.ts';
import { DEFAULT_POLICY } from '#domain/base/policy.ts';
import { escapeMarks, mailOf } from '#domain/messages/markdown.ts';
import { samples } from '#domain/messages/samples.ts';

const templates = await loadTemplates('templates', DEFAULT_POLICY);
const notices = samples().filter(({ template }) => template.startsWith('mail/'));

/** The mail of a sample in which every foreign text reads so. Only the link that we make ourselves stays. */
function mailWith(index: number, foreign: string) {
  const { template = '', variables = {} } = notices[index] ?? {};
  const changed = Object.entries(variables).map(([name, value]) => [name, name === 'receiptUrl' ? value : replaced(value, foreign)]);
  return mailOf(templates.render(template, Object.fromEntries(changed)));
}

function replaced(value: unknown, foreign: string): unknown {
  if (typeof value === 'string') return value === '' || value === 'open' ? value : foreign;
  if (Array.isArray(value)) return value.map((each) => replaced(each, foreign));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, replaced(each, foreign)]));
}

const tags = (html: string) => html.match(/<[^>]*>/g);
const shown = (html: string) =>
  html
    .replace(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');

const HOSTILE = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '[x](javascript:alert(1))',
  '[x](https://example.org "x")',
  '![x](https://example.org/x.png)',
  '<https://example.org>',
  'https://example.org/?a=1&amp;b=2',
  '*x* **x** _x_ __x__ ~~x~~',
  '`x` ``x``',
  '```\nx\n```',
  'one\n\ntwo\n# three\n- four\n1. five\n> six\n===\n---',
  '- x',
  '1. x',
  '1) x',
  '+ x',
  '# x',
  '    x',
  '| a | b |\n| --- | --- |\n| 1 | 2 |',
  '[x] x',
  '[ ] x',
  '[x]: https://example.org',
  'x\\',
  '\\*x\\*',
  '&lt;b&gt; &#60; &copy;',
  '*',
  '"',
  "'",
  'حالة الطوارئ “x”',
];

test.each(HOSTILE)('%j in every field of every mail is shown as just that, and changes nothing around it', (foreign) => {
  for (const index of notices.keys()) {
    const mail = mailWith(index, foreign);
    const harmless = mailWith(index, 'harmless');
    expect(tags(mail.html)).toEqual(tags(harmless.html));
    const line = foreign.replace(/\s+/g, ' ').trim();
    const inCode = line.replaceAll('`', "'");
    const like = (text: string) => text.replaceAll('"harmless"', `"${inCode}"`).replaceAll('harmless', line);
    expect(mail.text).toBe(like(harmless.text));
    expect(mail.subject).toBe(like(harmless.subject));
    expect(shown(mail.html).replaceAll(inCode, line)).toBe(shown(harmless.html).replaceAll('harmless', line));
  }
});

test('any foreign text comes out as it went in, at the start of a line, in the middle and as bold', () => {
  const foreign = fc
    .oneof(
      fc.string({ unit: 'grapheme' }),
      fc.stringMatching(/^[ -~\n]*$/),
      fc.array(fc.constantFrom(...HOSTILE)).map((parts) => parts.join('')),
    )
    // NUL is no character of a text that is kept.
    .map((text) => text.replaceAll('\0', ''))
    .filter((text) => text.trim() !== '');
  fc.assert(
    fc.property(foreign, (text) => {
      const line = text.replace(/\s+/g, ' ').trim();
      const mark = escapeMarks(text);
      const mail = mailOf(`Subject: ${mark}\n${mark}\n\n- ${mark}\n- it: **${mark}**.\n\n${mark} is it`);
      expect(mail.subject).toBe(line);
      expect(mail.text).toBe(`${line}\n\n- ${line}\n- it: ${line}.\n\n${line} is it\n`);
      expect(tags(mail.html)?.filter((tag) => tag.startsWith('<strong') || tag.startsWith('<li') || tag.startsWith('<a'))).toEqual([
        '<li>',
        '<li>',
        '<strong>',
      ]);
    }),
    { numRuns: 2_000 },
  );
});

test('a link that is no web address is its label alone; another is written out on a line of its own', () => {
  const { template = '', variables = {} } = notices.find((each) => each.template.includes('opening')) ?? {};
  const mail = (receiptUrl: string) => mailOf(templates.render(template, { ...variables, receiptUrl }));
  for (const url of ['javascript:alert(1)', 'data:text/html,x', 'https://example.org/) <b>', 'https://example.org\\x']) {
    expect(mail(url).html).not.toContain('<a');
    expect(mail(url).text).toContain('with the button on this page\n');
  }
  const { text, html } = mail('https://example.org/receipt?token=a.b-c_d');
  expect(text).toContain('with the button on this page:\n  https://example.org/receipt?token=a.b-c_d\n');
  expect(html).toContain('<a href="https://example.org/receipt?token=a.b-c_d">this page</a>');
});

test('what a template could write by mistake stays text: HTML, a link that runs something, an image, an address', () => {
  const { html } = mailOf(
    'Subject: x\n<b onclick="x">x</b> [x](javascript:x) ![x](https://example.org/x.png) https://example.org <https://example.org>',
  );
  expect(tags(html.slice(html.indexOf('<p')))).toEqual([
    '<p style="margin: 0 0 1em">',
    '<a href="https://example.org/x.png">',
    '</a>',
    '</p>',
    '</main>',
    '</body>',
    '</html>',
  ]);
});

test('the page names its language, its characters and its title, fits a narrow screen and is dark where the reader wants it', () => {
  const { html } = mailOf('Subject: A & B\n1. one\n2. `two`\n- [x] three\n- [ ] four');
  expect(html).toContain('<html lang="en" style="color-scheme: light dark">');
  expect(html).toContain('<meta charset="utf-8">');
  expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
  expect(html).toContain('<title>A &amp; B</title>');
  expect(html).not.toMatch(/(?<!-)\bcolor:|background|<style|min-width|[^-]width: *\d/);
  expect(html).toContain('<li>done: three</li>\n<li>open: four</li>');
});

test('the text keeps the lines, the lists in lists and the numbers of its source', () => {
  const { text } = mailOf(
    'Subject: x\nOne\ntwo `three`:\n1. four\n   five\n   - six\n   - **seven**\n2. [eight](https://example.org), nine\n\n# ten',
  );
  expect(text).toBe('One\ntwo "three":\n1. four\n   five\n   - six\n   - seven\n2. eight:\n   https://example.org\n   , nine\n\nten\n');
});
