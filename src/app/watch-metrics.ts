import { Counter, Gauge, type Registry } from 'prom-client';
import { SECOND } from '#domain/base/time.ts';
import { ALARM_NAMES } from '#domain/watch/alarm.ts';
import type { WatchState } from '#domain/watch/state.ts';

/**
 * What the watch knows, for Prometheus; the first three have the names that the runbook's rules use (step 19). They come from the store, so
 * every replica tells the same and a restart loses nothing. Before the watch's first round, and while the store can't be read, they are absent.
 */
export function openWatchMetrics(registry: Registry): (state: WatchState | null) => void {
  const registers = [registry];
  const count = new Counter({ name: 'audit_log_count', help: 'Audit records that the watch has seen come', registers });
  const errors = new Counter({
    name: 'audit_log_errors_total',
    help: 'Times that the watch saw writes of audit records fail: a refused probe, or the application saying so',
    registers,
  });
  const disk = new Gauge({ name: 'database_disk_usage_percent', help: "How full the audit database's disk is", registers });
  const round = new Gauge({ name: 'gapwatch_watch_round_timestamp_seconds', help: 'When the watch made its last round', registers });
  const record = new Gauge({ name: 'gapwatch_watch_last_record_timestamp_seconds', help: 'When the last audit record came', registers });
  const skew = new Gauge({ name: 'gapwatch_watch_clock_skew_seconds', help: "The database's clock against Gapwatch's", registers });
  const alarm = new Gauge({
    name: 'gapwatch_watch_alarm',
    help: '1 while an alarm of the watch is raised',
    labelNames: ['alarm'],
    registers,
  });
  const set = (gauge: Gauge, value: number | null) => (value === null ? undefined : gauge.set(value));
  return (state) => {
    for (const each of [count, errors, disk, round, record, skew]) each.remove();
    alarm.reset();
    if (state === null) return;
    count.inc(state.records);
    errors.inc(state.errors);
    set(disk, state.disk?.percent ?? null);
    set(round, state.roundAt.getTime() / SECOND);
    set(record, state.arrival === null ? null : state.arrival.at.getTime() / SECOND);
    set(skew, state.skewMilliseconds === null ? null : state.skewMilliseconds / SECOND);
    for (const name of ALARM_NAMES) alarm.set({ alarm: name }, state.alarms[name]?.raisedAt ? 1 : 0);
  };
}
