import { Liquid, type Template } from 'liquidjs';
import { codeSpan, escapeMrkdwn, slackLink, slackTime } from '#domain/base/text/mrkdwn.ts';
import { formatDuration, formatUtc } from '#domain/base/time.ts';
import { codeMark, escapeMarks, linkMark } from './markdown.ts';

/** Where a text is read; decides how foreign text is escaped and how a time looks. */
type Medium = 'slack' | 'mail' | 'report';

/** A template that can't be used, with file, line and variable in the message. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** Every template parsed, ready to render. Rendering is strict: an unknown variable or filter is an error, never an empty string. */
export type Templates = {
  readonly render: (name: string, variables: Readonly<Record<string, unknown>>) => string;
  /** Templates that could not be parsed, each with file and line. */
  readonly problems: readonly { readonly name: string; readonly message: string }[];
};

/**
 * Parses all templates (file name → text); what can't be parsed is among the problems. Rendering throws a {@link TemplateError}.
 * Templates can read no file, see no inherited property, and stop at limits of time and size.
 */
export function parseTemplates(sources: ReadonlyMap<string, string>): Templates {
  const parsed = new Map<string, { readonly engine: Liquid; readonly template: Template[] }>();
  const problems: { readonly name: string; readonly message: string }[] = [];
  for (const [name, source] of sources) {
    const engine = engines[mediumOf(name)];
    try {
      parsed.set(name, { engine, template: engine.parse(source, name) });
    } catch (error) {
      problems.push({ name, message: explain(name, error) });
    }
  }
  return {
    problems,
    render: (name, variables) => {
      const found = parsed.get(name);
      if (!found) throw new TemplateError(`${name}: there is no such template. Restore it from the project's templates folder.`);
      try {
        const text: unknown = found.engine.renderSync(found.template, variables);
        return String(text).trim();
      } catch (error) {
        throw new TemplateError(explain(name, error), { cause: error });
      }
    },
  };
}

/** A template's medium follows from its place and ending. */
function mediumOf(name: string): Medium {
  if (name.startsWith('slack/')) return 'slack';
  return name.startsWith('mail/') ? 'mail' : 'report';
}

function explain(name: string, error: unknown): string {
  const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  return `${name}: ${message.replace(`, file:${name}`, '')}`;
}

const engines: Readonly<Record<Medium, Liquid>> = {
  slack: engine(escapeMrkdwn, { code: codeSpan, link: slackLink, time: slackTime }),
  mail: engine(escapeMarks, { code: codeMark, link: linkMark, time: formatUtc }),
  report: engine(escapeMarkdown, { code: markdownCode, link: markdownLink, time: formatUtc }),
};

type Filters = {
  readonly code: (text: string) => string;
  readonly link: (url: string, label: string) => string;
  readonly time: (instant: Date) => string;
};

function engine(escapeText: (text: string) => string, filters: Filters): Liquid {
  const liquid = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    templates: {},
    outputEscape: (value: unknown) => escapeText(String(value ?? '')),
    parseLimit: 200_000,
    renderLimit: 2_000,
    memoryLimit: 20_000_000,
  });
  const text = (value: unknown) => String(value ?? '');
  liquid.registerFilter('time', {
    raw: true,
    handler: (value: unknown) => (value instanceof Date ? filters.time(value) : escapeText(text(value))),
  });
  liquid.registerFilter('code', { raw: true, handler: (value: unknown) => filters.code(text(value)) });
  liquid.registerFilter('link', { raw: true, handler: (url: unknown, label: unknown) => filters.link(text(url), text(label)) });
  liquid.registerFilter('mention', {
    raw: true,
    handler: (ids: unknown) =>
      text(ids)
        .split(' ')
        .map((id) => (/^[UW][A-Z0-9]{2,}$/.test(id) ? `<@${id}>` : /^S[A-Z0-9]{2,}$/.test(id) ? `<!subteam^${id}>` : escapeText(id)))
        .join(' '),
  });
  liquid.registerFilter('duration', (value: unknown) => (typeof value === 'number' ? formatDuration(value) : text(value)));
  return liquid;
}

function escapeMarkdown(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]<>|#]/g, (character) => `\\${character}`);
}

function markdownCode(text: string): string {
  return `\`${text.replaceAll('`', "'").replaceAll('|', '/').replace(/\s+/g, ' ')}\``;
}

function markdownLink(url: string, label: string): string {
  return /^https?:\/\/[^\s<>()]+$/.test(url) ? `[${escapeMarkdown(label)}](${url})` : escapeMarkdown(label);
}
