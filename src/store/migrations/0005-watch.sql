-- What the watch remembers from one round to the next, so that a restart or another replica goes on where it was. One row.
create table gapwatch.watch (
  only_row boolean primary key default true check (only_row),
  memory jsonb not null
);

-- One row an alarm: what PagerDuty is to be told of it, and what it has been told.
create table gapwatch.signals (
  alarm text primary key,
  wanted text not null check (wanted in ('trigger', 'resolve')),
  words text not null,
  wanted_at timestamptz not null,
  sent text check (sent in ('trigger', 'resolve', 'given-up')),
  attempts integer not null default 0,
  -- Whether the channel has heard that it was raised, and for which telling.
  in_channel boolean not null default false,
  channel_told_for timestamptz
);
