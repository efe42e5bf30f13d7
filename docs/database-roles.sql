-- The roles that Gapwatch uses in the monitored database, with the least rights that its checks need.
-- Run as a role that may create roles and owns the audit table, for example:
--   psql -v ON_ERROR_STOP=1 -d clinic -v table='"AuditLog"' -v application=clinic_app \
--        -v reader_password="'…'" -v writer_password="'…'" -f docs/database-roles.sql
-- `table` is the name as SQL needs it: with its double quotes when it has capitals, with its schema when that is not on the search path.
-- `application` is the role with which the application writes its audit records.

-- gapwatch_reader (AUDIT_DATABASE_URL): reads the audit table and the catalogue, and nothing else.
create role gapwatch_reader login password :reader_password
  nosuperuser nocreatedb nocreaterole noreplication connection limit 6;
alter role gapwatch_reader set default_transaction_read_only = on;
alter role gapwatch_reader set statement_timeout = '30s';
alter role gapwatch_reader set timezone = 'UTC';
grant select on table :table to gapwatch_reader;
-- Gapwatch reads the timestamp column, and for `/audit operations` action and resource. Where column rights are preferred, use
-- instead of the grant above:
--   grant select ("timestamp", action, resource) on table :table to gapwatch_reader;
-- Under row-level security the reader must see every record, or nothing can be said of them (`/audit scope` then answers unknown):
--   create policy gapwatch_reads on :table for select to gapwatch_reader using (true);
-- `/audit locks` sees what other sessions run, and `/audit reconstruct` reads pg_stat_statements (where it is installed), only with:
--   grant pg_read_all_stats to gapwatch_reader;
-- The schema of the table, when it is not "public" or PUBLIC has lost USAGE on it:
--   grant usage on schema audit to gapwatch_reader;

-- gapwatch_writer (AUDIT_WRITER_DATABASE_URL): tries a write as the application would and undoes it (`/audit probe`); two connections at
-- most. As a member it has the application's rights, but none of its settings and limits. With AUDIT_WRITER_ROLE=<application> it becomes that
-- role (set role) and takes its settings, so that policies and timeouts hold for it too, and `/audit permissions` reads its limits.
create role gapwatch_writer login password :writer_password
  nosuperuser nocreatedb nocreaterole noreplication connection limit 2;
grant :application to gapwatch_writer;
