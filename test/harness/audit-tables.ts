/** An audit table as an application has it: its shape, and one record as the application writes it. */
export type ApplicationTable = {
  readonly what: string;
  readonly schema: string;
  readonly tableName: string;
  readonly column: string;
  readonly record: string;
};

const EPOCH = `(extract(epoch from now()) * 1000)::bigint`;

/** Audit tables of the kinds that applications, frameworks and extensions make; each written for these tests. */
export const APPLICATION_TABLES: readonly ApplicationTable[] = [
  {
    what: 'an enum, hash-chain columns and a time without zone',
    schema: `create type "AuditAction" as enum ('READ', 'CREATE'); create table "AuditLog" (id text primary key, "userEmail" text, action "AuditAction" not null,
      "recordHash" text not null, "previousHash" text, success boolean not null default true, timestamp timestamp(3) not null default current_timestamp)`,
    tableName: 'AuditLog',
    column: 'timestamp',
    record: `insert into "AuditLog" (id, action, "recordHash") values ('ckabc', 'READ', repeat('a', 64))`,
  },
  {
    what: 'a document that must not be empty',
    schema: `create table "AuditLog" (id text primary key, actor text not null, diff jsonb not null, "createdAt" timestamp(3) not null default current_timestamp)`,
    tableName: 'AuditLog',
    column: 'createdAt',
    record: `insert into "AuditLog" (id, actor, diff) values ('a', 'x', '{"a": 1}')`,
  },
  {
    what: 'row changes by a trigger, with a CHECK on the kind',
    schema: `create schema audit; create table audit.logged_actions (event_id bigserial primary key, schema_name text not null, relid oid not null,
      action_tstamp_tx timestamptz not null, transaction_id bigint, client_addr inet, action text not null check (action in ('I', 'D', 'U', 'T')), statement_only boolean not null)`,
    tableName: 'audit.logged_actions',
    column: 'action_tstamp_tx',
    record: `insert into audit.logged_actions (schema_name, relid, action_tstamp_tx, action, statement_only) values ('public', 1, now(), 'I', false)`,
  },
  {
    what: 'versions of records, with coupled CHECKs and a BRIN index',
    schema: `create type operation as enum ('INSERT', 'UPDATE'); create table record_version (id bigserial primary key, record_id uuid, old_record_id uuid, op operation not null,
      ts timestamptz not null default now(), record jsonb, old_record jsonb,
      check (coalesce(record_id, old_record_id) is not null), check ((op = 'INSERT') = (old_record is null))); create index on record_version using brin (ts)`,
    tableName: 'record_version',
    column: 'ts',
    record: `insert into record_version (record_id, op, record) values (gen_random_uuid(), 'INSERT', '{}')`,
  },
  {
    what: 'a log of a framework, with a foreign key to the kinds of content',
    schema: `create table django_content_type (id int primary key); insert into django_content_type values (7); create table auditlog_logentry (id serial primary key,
      object_pk varchar(255) not null, object_repr text not null, action smallint not null check (action >= 0), changes jsonb, timestamp timestamptz not null,
      content_type_id int not null references django_content_type deferrable initially deferred)`,
    tableName: 'auditlog_logentry',
    column: 'timestamp',
    record: `insert into auditlog_logentry (object_pk, object_repr, action, timestamp, content_type_id) values ('1', 'x', 1, now(), 7)`,
  },
  {
    what: 'a historical table',
    schema: `create table patient_history (id int not null, history_id serial primary key, history_date timestamptz not null, history_type varchar(1) not null, history_change_reason varchar(100))`,
    tableName: 'patient_history',
    column: 'history_date',
    record: `insert into patient_history (id, history_date, history_type) values (1, now(), '+')`,
  },
  {
    what: 'versions of a framework',
    schema: `create table versions (id bigserial primary key, item_type varchar not null, item_id bigint not null, event varchar not null, whodunnit varchar, object json, created_at timestamp(6))`,
    tableName: 'versions',
    column: 'created_at',
    record: `insert into versions (item_type, item_id, event, created_at) values ('Patient', 1, 'update', now())`,
  },
  {
    what: 'audits with versions that count up',
    schema: `create table audits (id bigserial primary key, auditable_id bigint, action varchar, audited_changes jsonb, version int default 0, request_uuid varchar, created_at timestamp not null)`,
    tableName: 'audits',
    column: 'created_at',
    record: `insert into audits (action, created_at) values ('create', now())`,
  },
  {
    what: 'events of an identity provider, by milliseconds',
    schema: `create table event_entity (id varchar(36) primary key, client_id varchar(255), details_json varchar(2550), realm_id varchar(255), type varchar(255), event_time bigint)`,
    tableName: 'event_entity',
    column: 'event_time',
    record: `insert into event_entity (id, type, event_time) values (gen_random_uuid()::text, 'LOGIN', ${EPOCH})`,
  },
  {
    what: 'audits of a chat, by milliseconds and with short ids',
    schema: `create table audits (id varchar(26) primary key, createat bigint, userid varchar(26), action varchar(512), extrainfo varchar(1024))`,
    tableName: 'audits',
    column: 'createat',
    record: `insert into audits (id, createat, action) values ('b9f2k4x7n3p8q1m5w6z0a2c4e8', ${EPOCH}, 'login')`,
  },
  {
    what: 'partitions by month with a key over id and time',
    schema: `create table audit_events (id bigserial, author_id int not null, entity_type varchar not null, details text, created_at timestamp not null, primary key (id, created_at)) partition by range (created_at);
      create table audit_events_now partition of audit_events for values from ('2000-01-01') to ('2100-01-01')`,
    tableName: 'audit_events',
    column: 'created_at',
    record: `insert into audit_events (author_id, entity_type, created_at) values (1, 'User', now())`,
  },
  {
    what: 'events for triggers, with a json payload',
    schema: `create schema hdb; create table hdb.event_log (id text default gen_random_uuid() primary key, schema_name text not null, payload jsonb not null, delivered boolean not null default false,
      tries int not null default 0, created_at timestamp default now(), archived boolean not null default false)`,
    tableName: 'hdb.event_log',
    column: 'created_at',
    record: `insert into hdb.event_log (schema_name, payload) values ('public', '{}')`,
  },
  {
    what: 'an event store with a key of three columns',
    schema: `create table events2 (instance_id text not null, aggregate_type text not null, aggregate_id text not null, sequence bigint not null, created_at timestamptz not null, payload jsonb, creator text not null,
      primary key (instance_id, aggregate_type, aggregate_id, sequence)); create index on events2 (created_at desc)`,
    tableName: 'events2',
    column: 'created_at',
    record: `insert into events2 values ('i', 'user', '1', 1, now(), null, 'x')`,
  },
  {
    what: 'a medical record’s events, with arrays that must not be empty',
    schema: `create table "AuditEvent" (id uuid primary key, content text not null, "lastUpdated" timestamptz not null, compartments uuid[] not null, deleted boolean not null default false)`,
    tableName: 'AuditEvent',
    column: 'lastUpdated',
    record: `insert into "AuditEvent" values (gen_random_uuid(), '{}', now(), '{}')`,
  },
  {
    what: 'an audit log of workflows, with a json payload',
    schema: `create table audit_log (id serial primary key, event varchar(36) not null, payload json not null, "createdAt" timestamptz(3) not null default current_timestamp)`,
    tableName: 'audit_log',
    column: 'createdAt',
    record: `insert into audit_log (event, payload) values ('x', '{}')`,
  },
  {
    what: 'tenants, a CHECK and a default partition',
    schema: `create table tenants (id uuid primary key default gen_random_uuid()); insert into tenants default values;
      create table audit_logs (id uuid not null default gen_random_uuid(), tenant_id uuid not null references tenants, event_type varchar(50) not null check (event_type ~ '^[a-z]+\\.[a-z]+$'), created_at timestamptz not null default now(),
        primary key (id, created_at)) partition by range (created_at); create table audit_logs_default partition of audit_logs default`,
    tableName: 'audit_logs',
    column: 'created_at',
    record: `insert into audit_logs (tenant_id, event_type) select id, 'user.login' from tenants`,
  },
  {
    what: 'an immutable log with a hash of 64 characters and a unique number in each stream',
    schema: `create table immutable_audit_log (id bigserial primary key, stream text not null, seq bigint not null, hash char(64) not null check (hash ~ '^[0-9a-f]{64}$'), at timestamptz not null, unique (stream, seq), unique (hash))`,
    tableName: 'immutable_audit_log',
    column: 'at',
    record: `insert into immutable_audit_log (stream, seq, hash, at) values ('main', 1, repeat('0f', 32), now())`,
  },
  {
    what: 'a log of a scheduler',
    schema: `create table log (id serial primary key, dttm timestamptz, dag_id varchar(250), event varchar(60), owner varchar(500), extra text)`,
    tableName: 'log',
    column: 'dttm',
    record: `insert into log (dttm, event) values (now(), 'cli')`,
  },
  {
    what: 'an audit log of dashboards',
    schema: `create table audit_log (id int generated by default as identity primary key, topic varchar(32) not null, timestamp timestamptz not null, end_timestamp timestamptz, user_id int, model varchar(32), details text not null)`,
    tableName: 'audit_log',
    column: 'timestamp',
    record: `insert into audit_log (topic, timestamp, details) values ('user', now(), '{}')`,
  },
  {
    what: 'versions of medical resources, with a parent and a key over parent and version',
    schema: `create table hfj_resource (res_id bigint primary key); insert into hfj_resource values (5);
      create table hfj_res_ver (pid bigint primary key, res_id bigint not null references hfj_resource, res_ver bigint not null, res_updated timestamp not null, unique (res_id, res_ver))`,
    tableName: 'hfj_res_ver',
    column: 'res_updated',
    record: `insert into hfj_res_ver values (1, 5, 1, now())`,
  },
  {
    what: 'an entry log under row-level security whose policies show and take all',
    schema: `create table audit_log_entries (instance_id uuid, id uuid primary key, payload json, created_at timestamptz, ip_address varchar(64) not null default '');
      alter table audit_log_entries enable row level security; create policy all_of_it on audit_log_entries using (true) with check (true)`,
    tableName: 'audit_log_entries',
    column: 'created_at',
    record: `insert into audit_log_entries (id, payload, created_at) values (gen_random_uuid(), '{}', now())`,
  },
];
