import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPolicy } from '#app/policy-file.ts';
import { presses, remedyMessage } from '#harness/remedies.ts';
import { goesSilent, robinTypes, writesAgain } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gapwatch-migrations-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The application's migrations: a program that brings the table into its shape, as Prisma would, and notes that it was run. */
const MIGRATIONS = `
import pg from '${join(process.cwd(), 'node_modules/pg/lib/index.js')}';
import { appendFileSync } from 'node:fs';
appendFileSync('runs.txt', 'run\\n');
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
if (process.argv.includes('--hang')) await new Promise((resolve) => setTimeout(resolve, 8_000));
if (process.argv.includes('--fail')) {
  console.error('\\u001b[31mP3018\\u001b[0m: \\u001b]8;;https://example.org\\u0007a migration\\u001b]8;;\\u0007 \\u009b1mfailed\\u009b0m \\u001b[2K\\r\\u0007');
  console.error('P3009: failed for ann@clinic.example at ' + process.env.DATABASE_URL);
  process.exit(3);
}
await client.query(\`set search_path = public; drop table if exists "AuditLog";
  create table "AuditLog" (success boolean not null, id text primary key default gen_random_uuid()::text, "userId" text, "userEmail" text not null,
    "ipAddress" text not null, action "AuditAction" not null, resource text not null, "resourceId" text not null, details jsonb,
    timestamp timestamp(3) not null default (now() at time zone 'utc'));
  create index on "AuditLog" (timestamp)\`);
await client.end();
console.log('Applied 1 migration. ' + Object.keys(process.env).sort().join(' '));
`;

const MUST_BE_FILLED = `alter table "AuditLog" add column "traceId" text not null default ''; alter table "AuditLog" alter column "traceId" drop default`;

/** The clinic's table belongs to its application, and a bad change made a column that no write fills: nothing is written any more. */
async function isDamaged({ clinic }: World, damage = MUST_BE_FILLED): Promise<void> {
  const application = new URL(clinic.applicationUrl).username;
  await clinic.query(`alter table "AuditLog" owner to "${application}"; grant create on schema public to "${application}"; ${damage}`);
}

/** What the application expects: without it nobody could tell that the table is damaged. */
const COLUMNS = `columns: { id: text not null, userId: text, userEmail: text not null, ipAddress: text not null, action: enum not null,
  resource: text not null, resourceId: text not null, details: jsonb, success: boolean not null, timestamp: timestamp not null }`;

const policy = (...options: readonly string[]) =>
  `recreate_table: { command: [${process.execPath}, migrate.mjs${options.map((each) => `, ${each}`).join('')}], directory: ${folder} }\n${COLUMNS}`;

async function isAsked(world: World, command = '/remedy recreate-table AuditLog', text = policy(), starts = world.starts): Promise<void> {
  await writeFile(join(folder, 'migrate.mjs'), MIGRATIONS);
  await rm(join(folder, 'runs.txt'), { force: true });
  await starts(text);
  await world.pagerduty.fires('AuditLogWriteError: audit writes are failing');
  await world.settles();
  await robinTypes(world, command);
  await world.settles();
}

const runs = () =>
  readFile(join(folder, 'runs.txt'), 'utf8').then(
    (text) => text.split('\n').length - 1,
    () => 0,
  );
const rowsOf = async ({ clinic }: World, table = '"AuditLog"') =>
  Number((await clinic.query(`select count(*)::int as rows from ${table}`))[0]?.rows);

async function backupOf({ clinic }: World): Promise<string> {
  const [row] = await clinic.query(`select relname from pg_class where relname like 'AuditLog_backup_%' and relkind = 'r'`);
  return `"${row?.relname}"`;
}

/** Steps until the records are looked for, while the application writes again. */
async function steps(world: World, count: number): Promise<void> {
  for (let step = 0; step < count; step += 1) {
    await world.passes(0.1);
    await writesAgain(world).catch(() => undefined);
  }
}

describe('recreate-table (runbook step 10)', () => {
  story(
    'a damaged table → two people and its name; backed up, made anew, its records and rights back, and records return',
    async ({ world }) => {
      await goesSilent(world);
      await isDamaged(world);
      await isAsked(world);
      const plan = remedyMessage(world).text;
      expect(plan).toContain("LAST RESORT: recreate AuditLog by the application's own migrations");
      expect(plan).toContain('Found by /audit schema: Unexpected column that must be filled: traceId');
      expect(plan).toContain('Backup: 200 records, into a table beside it');
      expect(plan).toContain('*Waiting for the approval of two people*');
      expect(await presses(world, 'Approve', 'robin')).toBe('INC-1: Approved by you; one more person must.');
      expect(await presses(world, 'Approve', 'robin')).toContain('You have approved it already: it takes a second person.');
      await world.settles();
      expect(remedyMessage(world).text).toContain('*Waiting for the approval of one more person*');
      expect(await runs()).toBe(0);
      expect(await presses(world, 'Approve', 'sam')).toContain('The plan is made once more');
      await world.settles();
      await steps(world, 3);
      const { text } = remedyMessage(world);
      expect(text).toMatch(/^✅ `\/remedy recreate-table AuditLog`, asked for by robin, approved by robin and sam/);
      expect(text).toMatch(/200 records are in the backup public\.AuditLog_backup_\w+; count and digest are the same/);
      expect(text).toContain('Its last lines: Applied 1 migration. DATABASE_URL HOME PATH');
      expect(text).toContain(
        '200 records were brought back, 200 are in the table now, none of the backup is missing; the new table has no traceId: these values are in the backup alone',
      );
      expect(text).toContain('the table is as the application expects it');
      expect(text).toContain('*DONE:* Done, and audit records are being written');
      expect(await rowsOf(world, await backupOf(world))).toBe(200);
      expect(await rowsOf(world)).toBeGreaterThan(200);
      expect(await runs()).toBe(1);
      const reader = new URL(world.clinic.readerUrl).username;
      expect(await world.clinic.query(`select has_table_privilege('${reader}', '"AuditLog"', 'SELECT') as may`)).toEqual([{ may: true }]);
    },
  );

  story('the new table can’t take the old records → it says so, and all of them are in the backup', async ({ world }) => {
    await goesSilent(world);
    await isDamaged(world, 'alter table "AuditLog" drop column "resourceId"; alter table "AuditLog" add column "resourceId" text');
    await world.clinic.query('alter table "AuditLog" drop column details');
    await isAsked(world);
    await presses(world, 'Approve', 'kim');
    await presses(world, 'Approve', 'sam');
    await world.settles();
    const { text } = remedyMessage(world);
    expect(text).toContain(
      '*FAILED:* The records could not be brought back: a column without a default must not be empty (23502). All 200',
    );
    expect(text).toMatch(/All 200 records are in the backup public\.AuditLog_backup_\w+\./);
    expect(await rowsOf(world, await backupOf(world))).toBe(200);
  });

  story('the table is gone → there is nothing to back up, and it is made', async ({ world }) => {
    await goesSilent(world);
    await isDamaged(world, 'drop table "AuditLog"');
    await isAsked(world);
    expect(remedyMessage(world).text).toContain('Backup: none can be made: there is no table');
    expect(remedyMessage(world).text).toContain('Earlier records come back from the backups of your database alone');
    await presses(world, 'Approve', 'kim');
    await presses(world, 'Approve', 'sam');
    await world.settles();
    expect(await rowsOf(world)).toBe(0);
    expect(remedyMessage(world).text).toContain('there was nothing to bring back');
  });

  story('the migrations fail → what they printed without identities and passwords, and where the records are', async ({ world }) => {
    await goesSilent(world);
    await isDamaged(world);
    await isAsked(world, undefined, policy('--fail'));
    await presses(world, 'Approve', 'kim');
    await presses(world, 'Approve', 'sam');
    await world.settles();
    const { text } = remedyMessage(world);
    expect(text).toContain(
      '*FAILED:* The migrations did not succeed: it ended with exit code 3. Its last lines: P3018: a migration failed / P3009: failed for ',
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]|\[\d+m/);
    expect(text).not.toContain('ann@');
    expect(text).not.toContain(world.clinic.applicationUrl);
    expect(text).toMatch(/All 200 records are in the backup public\.AuditLog_backup_\w+\. Look at the table/);
    expect(await rowsOf(world)).toBe(200);
  });

  story('a program that is not there → it says so; nothing was changed but a backup made', async ({ world }) => {
    await goesSilent(world);
    await isDamaged(world);
    await isAsked(world, undefined, `recreate_table: { command: [no-such-program], directory: ${folder} }\n${COLUMNS}`);
    await presses(world, 'Approve', 'kim');
    await presses(world, 'Approve', 'sam');
    await world.settles();
    expect(remedyMessage(world).text).toContain('it could not be started: spawn no-such-program ENOENT');
  });

  story('killed while the migrations run → they are not run twice, and it says where the records are', async ({ world }) => {
    await goesSilent(world);
    await isDamaged(world);
    await isAsked(world, undefined, policy('--hang'), world.startsApart);
    await presses(world, 'Approve', 'kim');
    await presses(world, 'Approve', 'sam');
    await expect.poll(runs, { timeout: 20_000 }).toBe(1);
    await world.isKilled();
    await world.startsApart(policy('--hang'));
    await world.moves(0.25);
    await world.settles();
    await world.moves(0.25);
    await world.settles();
    const { text } = remedyMessage(world);
    expect(text).toContain('their end is not known; they are not run again. All 200 records are in the backup public.AuditLog_backup_');
    expect(await runs()).toBe(1);
    expect(await rowsOf(world, await backupOf(world))).toBe(200);
  });

  story('a sound table, a wrong name, a look-alike, no owner, no command → no plan, and why', async ({ world }) => {
    await goesSilent(world);
    await isAsked(world, '/remedy recreate-table');
    expect(world.messages().some((each) => each.includes('recreate-table'))).toBe(false);
    expect(await robinTypes(world, '/remedy recreate-table')).toContain('To confirm, type the table’s name');
    await asksFor(world, '/remedy recreate-table auditlog');
    expect(remedyMessage(world).text).toContain(
      '"auditlog" is not the table\'s name. To confirm, type it exactly: `/remedy recreate-table AuditLog`',
    );
    await asksFor(world, '/remedy recreate-table AuditLog');
    expect(remedyMessage(world).text).toContain('may not create tables');
    await isDamaged(world, 'select 1');
    await asksFor(world, '/remedy recreate-table AuditLog');
    expect(remedyMessage(world).text).toContain('finds the table as it should be');
    await world.clinic.query('alter table "AuditLog" drop column "resourceId"; alter table "AuditLog" owner to current_user');
    await asksFor(world, '/remedy recreate-table AuditLog');
    expect(remedyMessage(world).text).toContain('does not own AuditLog');
    await world.clinic.query('alter table "AuditLog" rename to audit_logs');
    await asksFor(world, '/remedy recreate-table AuditLog');
    expect(remedyMessage(world).text).toContain('There is no AuditLog, but there is public.audit_logs');
    await world.stops();
    await world.starts('');
    expect(await robinTypes(world, '/remedy recreate-table AuditLog')).toContain('is not configured: set recreate_table in runbook.yaml.');
    expect(await robinTypes(world, '/remedy help')).toContain('recreate-table &lt;the table’s name&gt;` (§10, last resort)');
  });
});

async function asksFor(world: World, command: string): Promise<void> {
  await robinTypes(world, command);
  await world.settles();
}

test('the policy refuses a command that may drop records, unless it says so itself; one that drops the database, always', () => {
  const text = (options: string, more = '') =>
    `recreate_table: { command: [npx, prisma, db, push, ${options}], directory: ../apps/web${more} }`;
  expect(() => readPolicy(text('--accept-data-loss'))).toThrow('set accept_data_loss: true beside it');
  expect(readPolicy(text('--accept-data-loss', ', accept_data_loss: true')).migrations?.command).toContain('--accept-data-loss');
  expect(() => readPolicy(text('--force-reset', ', accept_data_loss: true'))).toThrow('it is never run');
});
