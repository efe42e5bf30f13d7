-- The roles that Gapwatch uses in the monitored database, with the least rights that its checks need.
-- Run as the owner of the audit table, for example:
--   psql -v ON_ERROR_STOP=1 -d clinic -v table='"AuditLog"' -v reader_password="'…'" -f docs/database-roles.sql
-- `table` is the name as SQL needs it: with its double quotes when it has capitals, with its schema when that is not on the search path.

-- gapwatch_reader (AUDIT_DATABASE_URL): reads the audit table, and nothing else.
create role gapwatch_reader login password :reader_password
  nosuperuser nocreatedb nocreaterole noreplication connection limit 6;
alter role gapwatch_reader set default_transaction_read_only = on;
alter role gapwatch_reader set statement_timeout = '30s';
alter role gapwatch_reader set timezone = 'UTC';
grant select on table :table to gapwatch_reader;

-- The schema of the table, when it is not "public" or PUBLIC has lost USAGE on it:
--   grant usage on schema audit to gapwatch_reader;
-- Rows: Gapwatch reads only the timestamp column. Where column rights are preferred, use instead of the grant above:
--   grant select ("timestamp") on table :table to gapwatch_reader;

-- gapwatch_writer: for a write probe and approved repairs. This version of Gapwatch neither needs nor uses it; it is here so that one
-- review of the rights covers both. It inherits from the application's own role what that role may do, and no more:
--   create role gapwatch_writer login password '…' nosuperuser nocreatedb nocreaterole connection limit 2 in role application;
