import { html } from 'htm/preact';
import type { PageIncident } from '../state.ts';
import type { Does } from './actions.ts';
import { local } from './time.ts';

/** PagerDuty's incidents with their logs, to be acknowledged or resolved by hand. */
export function PagerDuty({ incidents, does, id }: { incidents: readonly PageIncident[]; does: Does; id: string }) {
  const change = (incident: string, event: 'acknowledged' | 'resolved') => () =>
    void does.act({ action: 'pagerduty', person: does.me.id, incident, event });
  return html`
    <section class="pane pagerduty" id=${id} aria-label="PagerDuty">
      <div class="bar"><h2>PagerDuty</h2></div>
      ${incidents.length === 0 && html`<p class="empty">No alert. Gapwatch raises one when writes fail for 2 minutes, or when the table is silent for 5.</p>`}
      <div class="scroll" tabindex="0" aria-label="Alerts">${incidents.toReversed().map(
        ({ id: incident, title, status, assignee, log }) => html`
        <article key=${incident} id=${`alert-${incident}`}>
          <h3>${title}</h3>
          <p><span class=${`status ${status}`}>${status}</span> ${incident} · assigned to ${assignee}</p>
          <p class="actions">
            <button disabled=${status !== 'triggered'} onClick=${change(incident, 'acknowledged')}>Acknowledge</button>
            <button disabled=${status === 'resolved'} onClick=${change(incident, 'resolved')}>Resolve</button>
          </p>
          <ol class="log">${log.map(({ at, words }) => html`<li><time>${local(at)}</time> ${words}</li>`)}</ol>
        </article>`,
      )}</div>
    </section>`;
}
