import { expect, inject } from 'vitest';
import { canMountDisks, smallDisk } from '#harness/small-disk.ts';
import { lastMessage, plainly, robinTypes } from '#harness/stories.ts';
import { story } from '#harness/world.ts';

story.skipIf(!canMountDisks)(
  'the audit table’s disk is full → the gap is measured, and closed once there is room again',
  async ({ world, onTestFinished }) => {
    const { clinic, clock } = world;
    const disk = smallDisk(inject('socketFolder'));
    onTestFinished(disk.remove);
    const space = `full_${process.pid}`;
    await clinic.query(`create tablespace ${space} location '${disk.folder}'`);
    await clinic.query(`alter table "AuditLog" set tablespace ${space}`);
    await clinic.query(`alter index "AuditLog_timestamp_idx" set tablespace ${space}`);
    await clinic.wrote(new Date('2026-01-05T11:00:00Z'), new Date('2026-01-05T11:57:00Z'), 200);
    await clinic.query(`create table ballast (filler text) tablespace ${space}`);
    const fill = async () => {
      for (;;) await clinic.query(`insert into ballast select repeat(md5(i::text), 100) from generate_series(1, 100) as i`);
    };
    await expect(fill()).rejects.toMatchObject({ code: '53100' });
    // A small row may still find room in a page, so the application writes until it, too, is refused.
    const write = async () => {
      for (;;) await clinic.wrote(new Date('2026-01-05T11:57:00Z'), new Date('2026-01-05T11:57:00Z'), 500);
    };
    await expect(write()).rejects.toMatchObject({ code: '53100' });

    await world.starts();
    await world.pagerduty.fires('AuditLogWriteError: No space left on device');
    await world.settles();
    expect(plainly(world.messages()[0] ?? '')).toContain('Audit gap started: 2026-01-05 11:57:00 UTC');
    await robinTypes(world, '/audit gaps 24h');
    await world.passes(3);
    expect(world.messages().join('\n')).not.toContain("can't see the audit table");

    await clinic.query('drop table ballast');
    await clinic.writes(new Date(clock.now()));
    await world.passes(0.25);
    expect(plainly(lastMessage(world).text)).toContain('Audit records are being written again, since 2026-01-05 12:03:00 UTC');
    await world.stops();
    await clinic.query('drop table "AuditLog"');
    await clinic.query(`drop tablespace ${space}`);
  },
);
