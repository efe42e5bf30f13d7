-- What went out, as it went out: Slack messages and mails with their attachments. The fact of a call's success carries the SHA-256 of
-- its content, so the hash chain covers it.
create table gapwatch.sent (
  incident integer not null,
  call text not null,
  attempt integer not null,
  at timestamptz not null,
  content text not null,
  sha256 text not null check (length(sha256) = 64),
  primary key (incident, call, attempt)
);
create trigger sent_append_only before update or delete on gapwatch.sent
  for each row execute function gapwatch.refuse_change();
create trigger sent_no_truncate before truncate on gapwatch.sent
  for each statement execute function gapwatch.refuse_change();

create index deliveries_received_at on gapwatch.deliveries using brin (received_at);

-- What Gapwatch found wrong with itself and is still so: one row a finding, gone when it is well again.
create table gapwatch.findings (
  name text primary key,
  since timestamptz not null,
  words text not null
);
