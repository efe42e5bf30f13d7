import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import type { Person } from '../state.ts';

/** Slack's text formatting as the page shows it (docs.slack.dev, "Formatting message text"). Text becomes nodes, never markup. */
export function mrkdwn(text: string, people: readonly Person[]): ComponentChildren {
  return text.split(/(```[\s\S]*?```)/).map((part) => {
    if (part.startsWith('```') && part.length >= 6) return html`<pre>${withoutEscapes(part.slice(3, -3))}</pre>`;
    return part.split('\n').map((line, index) => [index === 0 ? null : html`<br />`, lineOf(line, people)]);
  });
}

function lineOf(line: string, people: readonly Person[]): ComponentChildren {
  const quote = /^&gt; ?(.*)$/.exec(line);
  return quote ? html`<q>${spans(quote[1] ?? '', people)}</q>` : spans(line, people);
}

/** A code span, a token in angle brackets, or one of the marks; a mark counts only between a word's outsides. */
const SPAN =
  /`([^`\n]+)`|<([^<>\n]+)>|(?<![\w*])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])|(?<![\w_])_(\S(?:[^_\n]*\S)?)_(?![\w_])|(?<![\w~])~(\S(?:[^~\n]*\S)?)~(?![\w~])/;

function spans(text: string, people: readonly Person[]): ComponentChildren {
  const match = SPAN.exec(text);
  if (!match) return withoutEscapes(text);
  const [whole, code, token, bold, italic, struck] = match;
  const rest = text.slice(match.index + whole.length);
  return [withoutEscapes(text.slice(0, match.index)), spanOf({ code, token, bold, italic, struck }, people), spans(rest, people)];
}

type Span = Readonly<Record<'code' | 'token' | 'bold' | 'italic' | 'struck', string | undefined>>;

function spanOf({ code, token, bold, italic, struck }: Span, people: readonly Person[]): ComponentChildren {
  if (code !== undefined) return html`<code>${withoutEscapes(code)}</code>`;
  if (token !== undefined) return tokenOf(token, people);
  if (bold !== undefined) return html`<strong>${spans(bold, people)}</strong>`;
  if (italic !== undefined) return html`<em>${spans(italic, people)}</em>`;
  return html`<s>${spans(struck ?? '', people)}</s>`;
}

function tokenOf(token: string, people: readonly Person[]): ComponentChildren {
  const [target = '', label = ''] = token.split('|');
  if (target.startsWith('@'))
    return html`<span class="mention">@${people.find(({ id }) => id === target.slice(1))?.name ?? target.slice(1)}</span>`;
  if (target.startsWith('#')) return html`<span class="mention">#${label || target.slice(1)}</span>`;
  if (target.startsWith('!date^')) return dateOf(target, label);
  if (target.startsWith('!')) return html`<span class="mention">@${label || target.replace(/^!(subteam\^)?/, '')}</span>`;
  return linkOf(withoutEscapes(target), withoutEscapes(label || target));
}

/** A moment in the reader's own time zone, in the formats that Slack names; what can't be read is its fallback. */
function dateOf(target: string, fallback: string): ComponentChildren {
  const [, seconds = '', format = ''] = target.split('^');
  const at = new Date(Number(seconds) * 1_000);
  if (Number.isNaN(at.getTime())) return withoutEscapes(fallback);
  const shown = withoutEscapes(format).replace(/\{(\w+)\}/g, (whole, name: string) => {
    const parts = DATE_PARTS[name];
    return parts ? at.toLocaleString([], parts) : whole;
  });
  return html`<time datetime=${at.toISOString()} title=${withoutEscapes(fallback)}>${shown}</time>`;
}

const DATE: Intl.DateTimeFormatOptions = { year: 'numeric', month: 'short', day: 'numeric' };
const DATE_PARTS: Readonly<Record<string, Intl.DateTimeFormatOptions>> = {
  date: DATE,
  date_pretty: DATE,
  date_short: DATE,
  date_short_pretty: DATE,
  date_long: { ...DATE, weekday: 'long', month: 'long' },
  date_num: { year: 'numeric', month: '2-digit', day: '2-digit' },
  time: { hour: '2-digit', minute: '2-digit' },
  time_secs: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
};

/** What the demo has itself is opened here; anything else only on a click, in a tab of its own. */
function linkOf(url: string, label: string): ComponentChildren {
  if (!/^https?:/.test(url)) return label;
  const message = /^https:\/\/clinic\.slack\.example\/archives\/\w+\/p(\d+)(\d{6})$/.exec(url);
  if (message) return html`<a href=${`#message-${message[1]}.${message[2]}`}>${label}</a>`;
  const file = /^https:\/\/clinic\.slack\.example\/files\/(.+)$/.exec(url);
  if (file) return html`<a href=${`/files-by-name/${file[1]}`} target="_blank" rel="noreferrer">${label}</a>`;
  const alert = /^https:\/\/clinic\.pagerduty\.example\/incidents\/(\w+)$/.exec(url);
  if (alert) return html`<a href=${`#alert-${alert[1]}`}>${label}</a>`;
  return html`<a href=${url} target="_blank" rel="noreferrer">${label}</a>`;
}

function withoutEscapes(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
