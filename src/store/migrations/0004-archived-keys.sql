-- The keys of the rows that a remedy has archived, batch by batch: what may be deleted, and what was. A batch is one row, so two million
-- records are four hundred rows here. Gone when the remedy is over.
create table gapwatch.archived_keys (
  request text not null,
  batch integer not null,
  keys jsonb not null,
  is_deleted boolean not null default false,
  primary key (request, batch)
);
