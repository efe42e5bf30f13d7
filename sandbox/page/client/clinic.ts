import { html } from 'htm/preact';
import type { ClinicView } from '../state.ts';
import type { Act } from './actions.ts';
import { Chart } from './chart.ts';
import { useNow, utc, words } from './time.ts';

/** The clinic: its audit records as a live chart, the ways to break it, and the repair. */
export function Clinic({ clinic, act, id }: { clinic: ClinicView; act: Act; id: string }) {
  const { broken, breakages, silences, lastWrittenAt } = clinic;
  const now = useNow(clinic.clock);
  const open = silences.find(({ to }) => to === null);
  const way = breakages.find(({ name }) => name === broken);
  const last = lastWrittenAt === null ? 'No record yet.' : `Last record ${utc(lastWrittenAt)} UTC.`;
  const state = open ? `No audit record for ${words(now - open.from)}.` : `${clinic.records.at(-2) ?? 0} records in the last full minute.`;
  return html`
    <section class="pane clinic" id=${id} aria-label="The clinic">
      <div class="bar"><h2>The clinic</h2><span class=${open ? 'status triggered' : 'status resolved'}>${open ? 'audit log silent' : 'audit log written'}</span></div>
      <${Chart} clinic=${clinic} />
      <p class="figures">${state} ${last} ${silences.length > 0 && `Gaps so far: ${silences.length}.`}</p>
      <div class="breakages" role="group" aria-label="Break something">
        ${breakages.map(
          ({ name, title, means }) => html`
          <button key=${name} class="danger" disabled=${broken !== null} aria-pressed=${broken === name} title=${means}
            onClick=${() => act({ action: 'break', name })}>${title}</button>`,
        )}
        <button class="primary" disabled=${broken === null} onClick=${() => act({ action: 'repair' })}>Repair</button>
      </div>
      <p class="figures" role="status">${way ? html`<strong>${way.title}.</strong> ${way.means}` : 'All is well. Each switch breaks the clinic for real; “Repair” undoes it.'}</p>
    </section>`;
}
