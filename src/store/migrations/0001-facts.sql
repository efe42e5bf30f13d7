-- Facts are the record: they can be added, never changed or removed. Each body is canonical JSON (RFC 8785) that carries the
-- SHA-256 of the one before it; `hash` is the SHA-256 of the body.
create table gapwatch.incidents (
  number integer primary key,
  phase text not null check (phase in ('open', 'resolved')),
  alert_ids text[] not null default '{}',
  fact_count integer not null default 0,
  head text not null default ''
);
comment on table gapwatch.incidents is 'An index over the facts: which incidents there are, and the head of each chain. Rebuilt from the facts.';

create index incidents_open on gapwatch.incidents (number) where phase = 'open';
create index incidents_alert_ids on gapwatch.incidents using gin (alert_ids);

create table gapwatch.facts (
  incident integer not null,
  sequence integer not null check (sequence > 0),
  hash text not null check (length(hash) = 64),
  body text not null,
  primary key (incident, sequence)
);

create function gapwatch.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'facts are append-only: % is refused', tg_op using errcode = 'insufficient_privilege';
end
$$;

create trigger facts_append_only before update or delete on gapwatch.facts
  for each row execute function gapwatch.refuse_change();
create trigger facts_no_truncate before truncate on gapwatch.facts
  for each statement execute function gapwatch.refuse_change();
revoke update, delete, truncate on gapwatch.facts from public, current_user;

-- Every signed webhook as it came, before anything is made of it. Its identifiers make a redelivery harmless.
create table gapwatch.deliveries (
  webhook_id text primary key,
  event_id text not null,
  event_type text not null,
  received_at timestamptz not null,
  body text not null
);
create index deliveries_event_id on gapwatch.deliveries (event_id);

-- Attempts of calls that were begun. One without an outcome among the facts was cut off: it may have been done, so the next run
-- looks for its trace first. incident 0 stands for calls outside any incident.
create table gapwatch.attempts (
  incident integer not null,
  call text not null,
  attempt integer not null,
  begun_at timestamptz not null,
  primary key (incident, call, attempt)
);

-- PagerDuty incidents that were looked at and are none of ours, so that the poll asks about each once.
create table gapwatch.foreign_alerts (
  alert_id text primary key,
  seen_at timestamptz not null
);
