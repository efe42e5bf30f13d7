import { html } from 'htm/preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { ClinicView } from '../state.ts';
import { nowOn } from './time.ts';

const MINUTE = 60_000;
const HEIGHT = 150;
/** What is shown of the three hours that are known: what happens now should not be a hairline. */
const SHOWN_MINUTES = 45;

/** Audit records a minute, gaps shaded. The running minute is left out: it would look like a fall. */
export function Chart({ clinic }: { clinic: ClinicView }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const current = useRef(clinic);
  current.current = clinic;
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const made = draw(element, () => current.current);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(dataOf(clinic)), [clinic]);
  const gaps = clinic.silences.length;
  return html`<div class="chart" ref=${place} role="img"
    aria-label=${`Audit records a minute in the last ${SHOWN_MINUTES} minutes; ${gaps === 0 ? 'no gap' : `${gaps} gap${gaps === 1 ? '' : 's'} shaded`}`}></div>`;
}

function dataOf({ firstMinuteAt, records }: ClinicView): uPlot.AlignedData {
  const shown = records.slice(-SHOWN_MINUTES - 1, -1);
  const first = firstMinuteAt + (records.length - 1 - shown.length) * MINUTE;
  return [shown.map((_, index) => (first + index * MINUTE) / 1_000), [...shown]];
}

function draw(element: HTMLElement, clinic: () => ClinicView): uPlot {
  const colour = (name: string) => getComputedStyle(element).getPropertyValue(name);
  const axis = { stroke: () => colour('--quiet'), grid: { stroke: () => colour('--line'), width: 1 }, ticks: { show: false } };
  const shade = (chart: uPlot) => {
    const { ctx, bbox } = chart;
    const { silences, clock } = clinic();
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = colour('--gap');
    for (const { from, to } of silences) {
      const left = chart.valToPos(from / 1_000, 'x', true);
      const right = chart.valToPos((to ?? nowOn(clock)) / 1_000, 'x', true);
      ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
    }
    ctx.restore();
  };
  return new uPlot(
    {
      width: element.clientWidth,
      height: HEIGHT,
      padding: [8, 8, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: { y: { range: (_, _low, high) => [0, Math.max(80, high * 1.1)] } },
      axes: [axis, { ...axis, size: 36 }],
      series: [
        {},
        {
          stroke: () => colour('--records'),
          width: 2,
          fill: () => colour('--records-under'),
          points: { show: false },
        },
      ],
      hooks: { drawClear: [shade] },
    },
    dataOf(clinic()),
    element,
  );
}
