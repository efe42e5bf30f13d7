import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the page, ready to be sent. */
export type Asset = { readonly type: string; readonly body: string | Buffer };

/** The libraries that the page uses, as their packages ship them: nothing is built. */
const LIBRARIES: Readonly<Record<string, string>> = {
  preact: fileURLToPath(import.meta.resolve('preact')),
  'preact/hooks': fileURLToPath(import.meta.resolve('preact/hooks')),
  htm: fileURLToPath(import.meta.resolve('htm')),
  'htm/preact': fileURLToPath(import.meta.resolve('htm/preact')),
  uplot: fileURLToPath(import.meta.resolve('uplot')).replace('.cjs.', '.esm.'),
};
const CHART_STYLE = join(dirname(LIBRARIES.uplot ?? ''), 'uPlot.min.css');
const EMOJI = dirname(fileURLToPath(import.meta.resolve('@fontsource/noto-emoji/400.css')));

const IMPORT_MAP = JSON.stringify({ imports: Object.fromEntries(Object.keys(LIBRARIES).map((name) => [name, `/library/${name}.js`])) });

/** Nothing from elsewhere, and no script but the page's own. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${createHash('sha256').update(IMPORT_MAP).digest('base64')}'`,
  "style-src 'self' 'unsafe-inline'",
  ...["img-src 'self' data:", "font-src 'self'", "connect-src 'self'", "frame-src 'self'", "base-uri 'none'", "form-action 'none'"],
].join('; ');

const CLIENT = fileURLToPath(new URL('./client/', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.ts': 'text/javascript; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** The asset at a path of the page; null where there is none. TypeScript is sent without its types, line for line as written. */
export async function asset(path: string): Promise<Asset | null> {
  if (path === '/') {
    const page = await readFile(join(CLIENT, 'index.html'), 'utf8');
    return {
      type: 'text/html; charset=utf-8',
      body: page.replace('<script type="importmap">{}', `<script type="importmap">${IMPORT_MAP}`),
    };
  }
  const file = fileOf(path);
  const type = TYPES[extname(file ?? '')];
  if (file === null || type === undefined) return null;
  const body = await readFile(file).catch(() => null);
  if (body === null) return null;
  return { type, body: file.endsWith('.ts') ? stripTypeScriptTypes(body.toString('utf8')) : body };
}

function fileOf(path: string): string | null {
  const [, room = '', ...rest] = normalize(path).split('/');
  const name = rest.join('/');
  switch (room) {
    case 'client':
      return join(CLIENT, name);
    case 'library':
      return name === 'uplot.css' ? CHART_STYLE : (LIBRARIES[name.replace(/\.js$/, '')] ?? null);
    case 'emoji':
      return join(EMOJI, name);
    default:
      return null;
  }
}
