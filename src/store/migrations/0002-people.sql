-- A drill must never stand in the way of a real incident: alerts pass it by, and commands go to the real one first.
alter table gapwatch.incidents add column drill boolean not null default false;

-- Commands that were refused for want of a right. Append-only, like the facts.
create table gapwatch.denials (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  slack_id text not null,
  name text not null,
  what text not null,
  why text not null
);
create trigger denials_append_only before update or delete on gapwatch.denials
  for each row execute function gapwatch.refuse_change();
create trigger denials_no_truncate before truncate on gapwatch.denials
  for each statement execute function gapwatch.refuse_change();

-- Secrets that Gapwatch makes for itself, shared by its replicas: the key that signs links.
create table gapwatch.secrets (
  name text primary key,
  secret text not null
);
