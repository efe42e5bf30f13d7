import { html } from 'htm/preact';
import type { ClockReading } from '#sandbox/clock.ts';
import type { Act } from './actions.ts';
import { useNow, utc } from './time.ts';

const SPEEDS = [1, 10, 60] as const;

/** The sandbox's time, how fast it runs, and whether the page still hears of it. */
export function Header({
  clock,
  isConnected,
  isBotRunning,
  act,
}: {
  clock: ClockReading;
  isConnected: boolean;
  isBotRunning: boolean;
  act: Act;
}) {
  const now = useNow(clock);
  const speed = (each: (typeof SPEEDS)[number]) => html`
    <button aria-pressed=${clock.speed === each} aria-label=${`${each} times as fast as life`} onClick=${() => act({ action: 'speed', speed: each })}>${each}×</button>`;
  return html`
    <header>
      <h1>Gapwatch <small>the demo: everything here is local, and behind it is the real bot</small></h1>
      <p class="clock"><time>${utc(now)} UTC</time></p>
      <div class="speed" role="group" aria-label="Time runs">Time runs ${SPEEDS.map(speed)}</div>
      <button onClick=${() => act({ action: 'crash' })} disabled=${!isBotRunning}
        title="Ends the bot's process as a power failure does; it starts again and goes on">${isBotRunning ? 'Kill Gapwatch' : 'Gapwatch is starting …'}</button>
      ${!isConnected && html`<p class="lost" role="alert">The demo has stopped, or this page lost it. It reconnects by itself.</p>`}
    </header>`;
}
