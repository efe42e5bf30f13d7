import { isValidElement } from 'preact';
import { describe, expect, test } from 'vitest';
import { mrkdwn } from '#sandbox/page/client/mrkdwn.ts';

const ROBIN = { id: 'U0000000001', name: 'robin' } as const;

/** Nodes as markup, to compare them. */
function markup(node: unknown): string {
  if (node === null || node === undefined || typeof node === 'boolean') return '';
  if (Array.isArray(node)) return node.map(markup).join('');
  if (!isValidElement(node)) return String(node);
  const { children, ...attributes } = node.props as Readonly<Record<string, unknown>>;
  const shown = Object.entries(attributes).map(([name, value]) => ` ${name}="${String(value)}"`);
  return `<${String(node.type)}${shown.join('')}>${markup(children)}</${String(node.type)}>`;
}

describe('Slack’s text as the page shows it', () => {
  test.each([
    ['marks', '*bold* _italic_ ~gone~ `code *not bold*`', '<strong>bold</strong> <em>italic</em> <s>gone</s> <code>code *not bold*</code>'],
    ['marks inside words are text', 'a*b*c snake_case_name', 'a*b*c snake_case_name'],
    ['a mention by name', '<@U0000000001> is on it', '<span class="mention">@robin</span> is on it'],
    ['escapes are undone, and stay text', '&lt;script&gt;alert(1)&lt;/script&gt; &amp;lt;', '<script>alert(1)</script> &lt;'],
    ['a line of quotation', '&gt; said', '<q>said</q>'],
    ['an address that runs code is no link', '<javascript:alert(1)|press>', 'press'],
    [
      'a link elsewhere opens apart',
      '<https://wiki.example|wiki>',
      '<a href="https://wiki.example" target="_blank" rel="noreferrer">wiki</a>',
    ],
    [
      'a message of the channel',
      '<https://clinic.slack.example/archives/C1/p1700000000000001|there>',
      '<a href="#message-1700000000.000001">there</a>',
    ],
    ['a date that can’t be read is its fallback', '<!date^soon^{time}|12:00 UTC>', '12:00 UTC'],
  ])('%s', (_name, text, expected) => {
    expect(markup(mrkdwn(text, [ROBIN]))).toBe(expected);
  });

  test('a moment is shown in the reader’s time zone, with UTC beside it', () => {
    const shown = markup(mrkdwn('<!date^1700000000^{time_secs}|22:13:20 UTC>', []));
    const here = new Date(1_700_000_000_000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
    expect(shown).toBe(`<time datetime="2023-11-14T22:13:20.000Z" title="22:13:20 UTC">${here}</time>`);
  });
});
