import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Policy } from '#domain/base/policy.ts';
import { parseTemplates, TemplateError, type Templates } from '#domain/messages/render.ts';
import { samples } from '#domain/messages/samples.ts';

/**
 * Loads every template under `folder` and renders each with sample data, so that a mistake shows at the start and not in the worst
 * hour. Throws one {@link TemplateError} that names file, line and variable of every mistake.
 */
export async function loadTemplates(folder: string, policy: Policy): Promise<Templates> {
  const names = await readdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new TemplateError(`The templates folder ${folder} can't be read (TEMPLATES_DIR).`, { cause });
  });
  const files = names.filter((name) => name.endsWith('.liquid')).sort();
  const sources = await Promise.all(
    files.map(async (name) => [name.replaceAll('\\', '/'), await readFile(join(folder, name), 'utf8')] as const),
  );
  const templates = parseTemplates(new Map(sources));
  const unparsed = new Set(templates.problems.map(({ name }) => name));
  const rendered = samples(policy).filter(({ template }) => !unparsed.has(template));
  const problems = new Set([
    ...templates.problems.map(({ message }) => message),
    ...rendered.flatMap(({ template, variables }) => problemOf(templates, template, variables)),
  ]);
  if (problems.size > 0) throw new TemplateError([...problems].join('\n'));
  return templates;
}

function problemOf(templates: Templates, name: string, variables: Readonly<Record<string, unknown>>): readonly string[] {
  try {
    templates.render(name, variables);
    return [];
  } catch (error) {
    if (error instanceof TemplateError) return [error.message];
    throw error;
  }
}
