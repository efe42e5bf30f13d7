import { z } from 'zod';
import {
  apiPath,
  columnType,
  count,
  duration,
  headerName,
  httpUrl,
  insertStatement,
  percent,
  range,
  role,
  slackIds,
  text,
  timeZone,
  workflowFile,
  yesOrNo,
} from './formats.ts';

/** The sections of `runbook.yaml`: each a schema with its meanings and the runbook's figures, whose output has the program's own names. */

export const updates = z
  .strictObject({
    every: duration.prefault('5m').describe('How often an update is posted'),
    delivery: z
      .enum(['broadcast', 'thread', 'channel'])
      .prefault('broadcast')
      .describe('broadcast: in the thread and the channel; thread: only there; channel: as messages of their own'),
  })
  .prefault({});

export const gap = z
  .strictObject({
    tolerance: duration.prefault('5m').describe('The longest quiet stretch that is no gap'),
    alert_after: duration.prefault('2m').describe('How long writes fail before the alert fires'),
  })
  .transform(({ tolerance, alert_after: alertAfter }) => ({ tolerance, alertAfter }))
  .prefault({});

export const watch = z
  .strictObject({
    every: duration.prefault('15s').describe('How often the audit table is looked at: while an incident is open, and by the watch'),
    mode: z
      .enum(['off', 'measure', 'alert'])
      .prefault('off')
      .describe('What the watch in the bot does. measure: it looks and tells `/metrics`; alert: it raises alerts as well'),
    probe_every: duration.prefault('5m').describe('How often the watch tries a write and undoes it'),
    time_zone: timeZone.prefault('UTC').describe("The clinic's time zone, in which days and weeks are compared"),
    quiet_floor: count.prefault(30).describe('Fewer records than this in the same stretch of the weeks before: such a silence is usual'),
    drop_floor: count.prefault(100).describe('Fewer records than this in a compared stretch: too few for a comparison'),
  })
  .transform(({ every, mode, probe_every, time_zone, quiet_floor, drop_floor }) => ({
    every,
    mode,
    probeEvery: probe_every,
    timeZone: time_zone,
    quietFloor: quiet_floor,
    dropFloor: drop_floor,
  }))
  .prefault({});

export const probe = z
  .strictObject({
    insert: insertStatement
      .optional()
      .describe(
        'The INSERT that a test write tries and undoes, where neither a copy of the newest record nor values from the catalogue fit the table; ' +
          'write it as the application does, with invented values',
      ),
  })
  .transform(({ insert }) => ({ insert: insert ?? null }))
  .prefault({});

export const expectedRate = z
  .strictObject({
    environment: z.enum(['development', 'staging', 'production']).prefault('production').describe('Which of the three holds here'),
    development: range.prefault([1, 10]).describe('Records a minute in development'),
    staging: range.prefault([10, 50]).describe('Records a minute in staging'),
    production: range.prefault([50, 500]).describe('Records a minute in production'),
  })
  .transform((rates) => {
    const [lowest, highest] = rates[rates.environment];
    return { environment: rates.environment, lowest, highest };
  })
  .prefault({});

/** The columns that the audit table should have (runbook step 8). `enum`, `text` and `timestamp` are meant loosely. */
export const columns = z.record(z.string(), columnType.describe('The type of the column of this name')).transform((types) =>
  Object.entries(types).map(([name, written]) => {
    const type = written.replace(/\s+not null$/, '');
    return { name, type, notNull: type !== written };
  }),
);

/** When time has passed without an end, who is told, and what the runbook asks of them (runbook, "Escalation"). */
export const escalation = z.strictObject({
  when: z
    .enum(['incident', 'gap'])
    .describe("incident: the time counts from the incident's beginning; gap: from the gap's start, also after it was corrected"),
  after: duration.describe('How long until it happens, once'),
  notify: z.array(role).min(1).describe('The roles that are told'),
  say: z.string().min(1).max(300).meta({ expected: 'a text of at most 300 characters' }).describe('What the runbook asks of them'),
});

export const approvals = z
  .strictObject({
    approvers: slackIds.prefault([]).describe('Who may correct the gap and approve remedies; nobody named: every member of the channel'),
    two_person: yesOrNo
      .prefault(true)
      .describe('A remedy is approved by another person than the one who asked for it; always so while `approvals.approvers` names nobody'),
  })
  .prefault({});

export const archive = z
  .strictObject({ older_than: duration.prefault('90d').describe('Records older than this go when somebody archives') })
  .transform(({ older_than: olderThan }) => ({ olderThan }))
  .prefault({});

/** The command by which `/remedy recreate-table` applies the application's migrations. */
export const recreateTable = z
  .strictObject({
    command: z
      .array(text)
      .min(1, 'expected a program and its arguments, each an item of a list')
      .describe('The program and its arguments, run without a shell'),
    directory: text.describe('Where it runs'),
    accept_data_loss: yesOrNo.prefault(false).describe('Whether the command may carry `--accept-data-loss`'),
  })
  .refine(
    ({ command, accept_data_loss: isAccepted }) => isAccepted || !command.includes('--accept-data-loss'),
    '--accept-data-loss drops what no longer fits, audit records too. If that is meant, set accept_data_loss: true beside it',
  )
  .refine(({ command }) => !command.includes('--force-reset'), '--force-reset drops the whole database; it is never run')
  .transform(({ command, directory }) => ({ command, directory }));

export const hotfix = z
  .strictObject({
    workflow: workflowFile
      .prefault('deploy-production.yml')
      .describe('The GitHub workflow that it runs; it must have a `workflow_dispatch` trigger'),
  })
  .prefault({});

export const disk = z
  .strictObject({
    alert_percent: percent.prefault(85).describe('Use at which a cleanup is due'),
    target_percent: percent.prefault(75).describe('Use that a cleanup should reach'),
  })
  .transform(({ alert_percent: alertPercent, target_percent: targetPercent }) => ({ alertPercent, targetPercent }))
  .prefault({});

export const runbooks = z
  .partialRecord(z.enum(['database-failure', 'api-server-down', 'security-incident']), httpUrl.describe('Where it can be read'))
  .prefault({});

/** A request of runbook step 15, and the audit record that it must leave. Its URL names the only host it may go to. */
export const operation = z
  .strictObject({
    name: z.string().min(1).max(80).meta({ expected: 'a text of at most 80 characters' }).describe('What the request does, in words'),
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).prefault('GET').describe('The HTTP method'),
    url: httpUrl.describe('Where it goes'),
    headers: z
      .record(headerName, z.string().describe('The value of the header of this name; `$OPERATIONS_SESSION` in it stands for that setting'))
      .prefault({}),
    body: z
      .union([z.string(), z.record(z.string(), z.unknown())], 'expected a text, or keys and values that are sent as JSON')
      .meta({ expected: 'a text, or keys and values' })
      .optional()
      .describe('What is sent; a body that is no text is sent as JSON'),
    expect: z
      .strictObject({
        action: text.describe("The audit record's action"),
        resource: text.optional().describe("The audit record's resource; left out, any"),
      })
      .describe('The audit record that the request must leave'),
  })
  .transform(({ name, method, url, headers, body, expect }) => {
    const isJson = typeof body === 'object';
    return {
      name,
      method,
      url,
      headers: { ...(isJson ? { 'content-type': 'application/json' } : {}), ...headers },
      body: isJson ? JSON.stringify(body) : (body ?? null),
      expect: { action: expect.action, resource: expect.resource ?? null },
    };
  });

export const phiPaths = z.array(apiPath);
