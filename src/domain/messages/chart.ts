import { between, DAY, formatUtc, plus } from '#domain/base/time.ts';
import type { Verdict } from '#domain/checks/verdict.ts';

type Chart = NonNullable<Verdict['chart']>;

/** Size of the image in pixels, made for a phone's width, and the room around the plot. */
const WIDTH = 1_200;
const HEIGHT = 420;
const PLOT = { left: 80, right: 1_180, top: 60, bottom: 360 } as const;

/** Records a minute as a line over time with the gaps shaded, as SVG. Holds no foreign text. Gaps are as found, to the second. */
export function chartSvg({ from, until, perMinute, gaps }: Chart): string {
  const most = niceCeiling(Math.max(1, ...perMinute));
  const x = (at: Date) => PLOT.left + clamp(between(from, at) / Math.max(1, between(from, until))) * (PLOT.right - PLOT.left);
  const y = (value: number) => PLOT.bottom - (value / most) * (PLOT.bottom - PLOT.top);
  const step = between(from, until) / Math.max(1, perMinute.length);
  const points = perMinute.map((value, index) => `${x(plus(from, (index + 0.5) * step)).toFixed(1)},${y(value).toFixed(1)}`);
  const shaded = gaps.map(({ start, end }) => {
    const left = x(start);
    // A gap of minutes in a year is thinner than a pixel: it must be seen all the same.
    const width = Math.max(3, x(end ?? until) - left);
    return `<rect x="${left.toFixed(1)}" y="${PLOT.top}" width="${width.toFixed(1)}" height="${PLOT.bottom - PLOT.top}" fill="#d92d20" fill-opacity="0.25"/>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="DejaVu Sans" font-size="20" fill="#333">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${PLOT.left}" y="36" font-size="24">Audit records a minute (UTC)</text>`,
    ...(gaps.length > 0
      ? [`<text x="${PLOT.right}" y="36" text-anchor="end" fill="#d92d20">${gaps.length} gap${gaps.length === 1 ? '' : 's'} shaded</text>`]
      : []),
    ...[0, most / 2, most].map(
      (value) =>
        `<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/><text x="${PLOT.left - 10}" y="${y(value) + 7}" text-anchor="end">${value}</text>`,
    ),
    ...shaded,
    `<polyline points="${points.join(' ')}" fill="none" stroke="#175cd3" stroke-width="2.5" stroke-linejoin="round"/>`,
    ...axis(from, until).map(
      ({ at, anchor }) =>
        `<text x="${x(at).toFixed(1)}" y="${PLOT.bottom + 34}" text-anchor="${anchor}">${label(at, between(from, until) > 2 * DAY)}</text>`,
    ),
    '</svg>',
  ].join('\n');
}

/** The same in words, for those who can't see the image. */
export function chartText({ from, until, gaps }: Chart): string {
  const count = gaps.length === 0 ? 'no gap' : `${gaps.length} gap${gaps.length === 1 ? '' : 's'} shaded`;
  return `Audit records a minute from ${formatUtc(from)} to ${formatUtc(until)}, ${count}`;
}

function axis(from: Date, until: Date): readonly { readonly at: Date; readonly anchor: string }[] {
  const part = between(from, until) / 4;
  return [0, 1, 2, 3, 4].map((index) => ({
    at: plus(from, index * part),
    anchor: index === 0 ? 'start' : index === 4 ? 'end' : 'middle',
  }));
}

function label(at: Date, showsDay: boolean): string {
  const text = formatUtc(at);
  return showsDay ? text.slice(0, 10) : text.slice(5, 16);
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/** The next round number of records: 1, 2, 5 times a power of ten. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10) * power;
}
