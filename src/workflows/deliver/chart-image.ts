import { fileURLToPath } from 'node:url';
import type { Verdict } from '#domain/checks/verdict.ts';
import { chartSvg } from '#domain/messages/chart.ts';

/** A verdict's chart as a PNG. The renderer is loaded when the first chart is drawn: an idle Gapwatch does not carry it. */
export async function chartImage(chart: NonNullable<Verdict['chart']>): Promise<Uint8Array> {
  const { renderAsync } = await import('@resvg/resvg-js');
  // The font comes along: a server in a container has none.
  const fontFiles = [fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'))];
  const image = await renderAsync(chartSvg(chart), { font: { fontFiles, loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans' } });
  return image.asPng();
}

/** A chart's file name, by which it is found again. */
export function chartName(check: string, request: string): string {
  return `${check}-${request.slice(0, 8)}.png`;
}
