-- The ledger: one line for everything that was kept, with its SHA-256, written by triggers in the transaction that keeps it. What is
-- cut off the end of a table, changed or forged then no longer agrees with it. Heads close it from time to time: a chain over the
-- whole installation, signed, which leaves the house with the notices.
create table gapwatch.ledger (
  entry bigint generated always as identity primary key,
  -- The table it speaks of; 'forgotten': a webhook deleted for its age; 'ledger': where the ledger itself began.
  subject text not null check (subject in ('facts', 'sent', 'deliveries', 'denials', 'forgotten', 'ledger')),
  -- 0 for what belongs to none.
  incident integer not null default 0,
  -- Facts: how many there were. Sent: call and attempt. Webhooks and denials: their id.
  item text not null,
  -- Facts: the hash of the last one. Else the SHA-256 of the row, by the functions below.
  sha256 text not null check (length(sha256) = 64)
);
create index ledger_incident on gapwatch.ledger (incident, entry) where incident > 0;

create table gapwatch.ledger_heads (
  sequence integer primary key check (sequence > 0),
  hash text not null check (length(hash) = 64),
  body text not null,
  signature text,
  public_key text,
  check ((signature is null) = (public_key is null))
);

-- A table's own name in the refusal.
create or replace function gapwatch.refuse_change() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  raise exception 'gapwatch.% is append-only: % is refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end
$$;

-- Nobody writes between the taking of stock below and the triggers. The order is that in which Gapwatch itself takes them.
lock table gapwatch.deliveries, gapwatch.facts, gapwatch.sent, gapwatch.denials in share row exclusive mode;

-- Plain enough to be inlined where they are used: every webhook pays for them.
create function gapwatch.as_text(instant timestamptz) returns text language sql stable as $$
  select pg_catalog.to_char(instant at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

create function gapwatch.sha256_of(content text) returns text language sql immutable as $$
  select pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(content, 'UTF8')), 'hex')
$$;

-- `added.sequence` is the number; `sequence` alone would be the text beside it, in which 99 comes after 100.
create function gapwatch.enter_facts() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  insert into gapwatch.ledger (subject, incident, item, sha256)
  select distinct on (incident) 'facts', incident, sequence::text, hash from added order by incident, added.sequence desc;
  return null;
end
$$;
create trigger facts_enter after insert on gapwatch.facts referencing new table as added
  for each statement execute function gapwatch.enter_facts();

create function gapwatch.enter_sent() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  insert into gapwatch.ledger (subject, incident, item, sha256)
  values ('sent', new.incident, new.call || '/' || new.attempt, gapwatch.sha256_of(concat_ws(E'\n', gapwatch.as_text(new.at), new.content)));
  return null;
end
$$;
create trigger sent_enter after insert on gapwatch.sent for each row execute function gapwatch.enter_sent();

create function gapwatch.enter_delivery() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  insert into gapwatch.ledger (subject, item, sha256)
  values (
    'deliveries', new.webhook_id,
    gapwatch.sha256_of(concat_ws(E'\n', new.event_id, new.event_type, gapwatch.as_text(new.received_at), new.body))
  );
  return null;
end
$$;
create trigger deliveries_enter after insert on gapwatch.deliveries for each row execute function gapwatch.enter_delivery();

create function gapwatch.enter_denial() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  insert into gapwatch.ledger (subject, item, sha256)
  values ('denials', new.id::text, gapwatch.sha256_of(concat_ws(E'\n', gapwatch.as_text(new.at), new.slack_id, new.name, new.what, new.why)));
  return null;
end
$$;
create trigger denials_enter after insert on gapwatch.denials for each row execute function gapwatch.enter_denial();

-- Whether a webhook names one of our alerts anywhere. One that can't be read is taken for ours.
create function gapwatch.concerns_incident(body text) returns boolean language plpgsql stable set search_path = pg_catalog as $$
begin
  if body is not json then
    return true;
  end if;
  return exists (
    select from gapwatch.incidents
    where alert_ids && array(select jsonb_path_query(body::jsonb, '$.event.data.**.id') #>> '{}')
  );
end
$$;

-- Webhooks can't be changed, and be deleted only by forget_deliveries: older than 30 days, about none of our alerts, each entered.
create function gapwatch.refuse_delivery_change() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  if tg_op = 'DELETE' and current_setting('gapwatch.forgetting', true) = 'deliveries'
    and old.received_at < now() - interval '30 days' and not gapwatch.concerns_incident(old.body)
  then
    insert into gapwatch.ledger (subject, item, sha256)
    values (
      'forgotten', old.webhook_id,
      gapwatch.sha256_of(concat_ws(E'\n', old.event_id, old.event_type, gapwatch.as_text(old.received_at), old.body))
    );
    return old;
  end if;
  raise exception 'gapwatch.deliveries is append-only: % is refused', tg_op
    using errcode = 'insufficient_privilege',
          hint = 'Old webhooks about none of our alerts are deleted by: select gapwatch.forget_deliveries(now() - interval ''90 days'')';
end
$$;
create trigger deliveries_append_only before update or delete on gapwatch.deliveries
  for each row execute function gapwatch.refuse_delivery_change();
create trigger deliveries_no_truncate before truncate on gapwatch.deliveries
  for each statement execute function gapwatch.refuse_change();

-- Deletes webhooks about none of our alerts that came before this time, and says how many. Those of the last 30 days stay.
create function gapwatch.forget_deliveries(before timestamptz) returns integer language plpgsql set search_path = pg_catalog as $$
declare
  deleted integer;
begin
  perform set_config('gapwatch.forgetting', 'deliveries', true);
  delete from gapwatch.deliveries
  where received_at < before and received_at < now() - interval '30 days' and not gapwatch.concerns_incident(body);
  get diagnostics deleted = row_count;
  perform set_config('gapwatch.forgetting', '', true);
  return deleted;
end
$$;

create trigger ledger_append_only before update or delete on gapwatch.ledger
  for each row execute function gapwatch.refuse_change();
create trigger ledger_no_truncate before truncate on gapwatch.ledger
  for each statement execute function gapwatch.refuse_change();
create trigger ledger_heads_append_only before update or delete on gapwatch.ledger_heads
  for each row execute function gapwatch.refuse_change();
create trigger ledger_heads_no_truncate before truncate on gapwatch.ledger_heads
  for each statement execute function gapwatch.refuse_change();

-- What was on record before the ledger, as it was found. The last line says where the ledger itself began.
insert into gapwatch.ledger (subject, item, sha256)
select 'deliveries', webhook_id, gapwatch.sha256_of(concat_ws(E'\n', event_id, event_type, gapwatch.as_text(received_at), body))
from gapwatch.deliveries
order by received_at, webhook_id;
insert into gapwatch.ledger (subject, item, sha256)
select 'denials', id::text, gapwatch.sha256_of(concat_ws(E'\n', gapwatch.as_text(at), slack_id, name, what, why))
from gapwatch.denials
order by id;
insert into gapwatch.ledger (subject, incident, item, sha256)
select 'sent', incident, call || '/' || attempt, gapwatch.sha256_of(concat_ws(E'\n', gapwatch.as_text(at), content))
from gapwatch.sent
order by at, incident, call, attempt;
insert into gapwatch.ledger (subject, incident, item, sha256)
select distinct on (incident) 'facts', incident, sequence::text, hash
from gapwatch.facts
order by incident, facts.sequence desc;
insert into gapwatch.ledger (subject, item, sha256) values ('ledger', 'began', repeat('0', 64));
