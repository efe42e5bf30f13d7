import { describe, expect, test } from 'vitest';
import { redactLine } from '#domain/base/text/foreign.ts';
import { presses, remedyMessage } from '#harness/remedies.ts';
import { alertFires, robinTypes, writesAgain } from '#harness/stories.ts';
import { NOON, story, type World } from '#harness/world.ts';
import { PEOPLE } from '#sandbox/stand-ins/slack/slack.ts';

const MINUTE = 60_000;

/** Two releases: a good one of yesterday, and one a minute before the silence began at 11:57. */
function releases({ digitalocean }: World): void {
  digitalocean.deployments.push(
    { id: 'suspect', cause: 'commit: Record access in the background', phase: 'ACTIVE', at: NOON - 4 * MINUTE },
    { id: 'good', cause: 'commit: Faster search', phase: 'SUPERSEDED', at: NOON - 26 * 60 * MINUTE },
    { id: 'broken', cause: 'commit: Oops', phase: 'ERROR', at: NOON - 27 * 60 * MINUTE },
    { id: 'older', cause: 'commit: Nicer search', phase: 'SUPERSEDED', at: NOON - 50 * 60 * MINUTE },
  );
}

const cured = new WeakSet<World>();

/** What cures the clinic: from now on the application writes again. */
function cures(world: World): () => void {
  return () => void cured.add(world);
}

/** Lets a remedy take its steps, five seconds each, while a cured application writes. */
async function steps(world: World, count: number): Promise<void> {
  for (let step = 0; step < count; step += 1) {
    await world.passes(0.1);
    if (cured.has(world)) await writesAgain(world);
  }
}

async function isAsked(world: World, command: string): Promise<void> {
  releases(world);
  await alertFires(world);
  await robinTypes(world, command);
  await world.settles();
}

describe('rollback (runbook step 11)', () => {
  story(
    'asked for → the plan in the thread; approved by another → followed, records return, all of it on the timeline',
    async ({ world }) => {
      world.digitalocean.onActive = cures(world);
      await isAsked(world, '/remedy rollback');
      const plan = remedyMessage(world).text;
      expect(plan).toContain('*Plan:* Roll the application back from suspect to good (runbook step 11).');
      expect(plan).toContain('— the gap starts —');
      expect(plan).toContain('*To go back:* /remedy rollback suspect');
      expect(plan).toContain('Waiting for the approval of a second person* until 2026-01-05 12:15:00 UTC');
      expect(world.digitalocean.deployments).toHaveLength(4);
      expect(await presses(world, 'Approve', 'sam')).toBe('INC-1: Approved. The plan is made once more, and runs if it is still the same.');
      await steps(world, 7);
      expect(world.digitalocean.deployments[0]).toMatchObject({ cause: 'rollback to good', phase: 'ACTIVE' });
      const { text } = remedyMessage(world);
      expect(text).toMatch(/^✅ `\/remedy rollback`, asked for by robin, approved by sam/);
      expect(text).toContain('under way: deployment-5');
      expect(text).toContain('*DONE:* Done, and audit records are being written');
      const timeline = await robinTypes(world, '/incident timeline');
      expect(timeline).toContain('Remedy approved');
      expect(timeline).toContain('Remedy ended (done)');
    },
  );

  story(
    'what ran before the suspect is the last good one; a named one is taken; what never ran, or nobody knows, is refused',
    async ({ world }) => {
      await isAsked(world, '/remedy rollback older');
      expect(remedyMessage(world).text).toContain('from suspect to older');
      await presses(world, 'Decline', 'robin');
      for (const [command, why] of [
        ['broken', 'never ran (ERROR)'],
        ['nowhere', 'DigitalOcean knows no deployment nowhere. Those known: suspect, good, older.'],
        ['suspect', 'Deployment suspect runs already.'],
      ]) {
        await robinTypes(world, `/remedy rollback ${command}`);
        await world.settles();
        expect(remedyMessage(world).text).toContain(`*REFUSED:* ${why === undefined ? '' : ''}`);
        expect(remedyMessage(world).text).toContain(why);
      }
    },
  );

  story('somebody else acts while it is at work → what was seen is said, and that its part in it is not known', async ({ world }) => {
    world.digitalocean.onActive = cures(world);
    await isAsked(world, '/remedy rollback');
    await presses(world, 'Approve', 'sam');
    await robinTypes(world, '/incident action granting INSERT again by hand');
    await steps(world, 7);
    expect(remedyMessage(world).text).toMatch(
      /\*DONE:\* .*was seen\. Whether this remedy brought them back is not known: others acted meanwhile\./,
    );
  });

  story('DigitalOcean objects → no plan', async ({ world }) => {
    world.digitalocean.objection = 'a component was added since';
    await isAsked(world, '/remedy rollback');
    expect(remedyMessage(world).text).toContain('DigitalOcean objects to this rollback: a component was added since.');
  });

  story('the plan changed between approval and run → nothing is done', async ({ world }) => {
    await isAsked(world, '/remedy rollback older');
    const [suspect] = world.digitalocean.deployments;
    if (suspect) suspect.phase = 'SUPERSEDED';
    world.digitalocean.deployments.unshift({ id: 'newest', cause: 'commit: by hand', phase: 'ACTIVE', at: NOON + 1 });
    await presses(world, 'Approve', 'sam');
    await world.settles();
    expect(remedyMessage(world).text).toContain(
      'it rested on suspect to older, and now it would on newest to older. Nothing was changed; ask again.',
    );
    expect(world.digitalocean.deployments).toHaveLength(5);
  });

  story('the change is made and no record comes → it says so, and what next', async ({ world }) => {
    await isAsked(world, '/remedy rollback');
    await presses(world, 'Approve', 'sam');
    await steps(world, 6);
    await world.passes(6);
    await steps(world, 1);
    expect(remedyMessage(world).text).toMatch(
      /\*FAILED:\* The change was made at .*, and it did not bring the records back: the last audit record is of 2026-01-05 11:57:00 UTC/,
    );
  });

  story('the deployment fails → it says so', async ({ world }) => {
    world.digitalocean.endsAs = 'ERROR';
    await isAsked(world, '/remedy rollback');
    await presses(world, 'Approve', 'sam');
    await steps(world, 6);
    expect(remedyMessage(world).text).toContain('*FAILED:* It ended as error: deployment-5.');
  });
});

describe('restart (runbook step 12)', () => {
  story('its answer is lost → it is looked for and found, and never ordered twice', async ({ world }) => {
    world.digitalocean.onActive = cures(world);
    await isAsked(world, '/remedy restart');
    world.digitalocean.fault = ({ method }) => (method === 'POST' ? { kind: 'lose-answer' } : undefined);
    await presses(world, 'Approve', 'sam');
    await steps(world, 8);
    const { text } = remedyMessage(world);
    expect(text).toContain('whether the order was taken is not clear');
    expect(text).toContain('under way: deployment-5');
    expect(text).toContain('*DONE:*');
    expect(world.digitalocean.deployments.filter(({ cause }) => cause === 'manual')).toHaveLength(1);
  });

  story('an order of which nothing can be seen → it is not placed again, and people are told', async ({ world }) => {
    await isAsked(world, '/remedy restart');
    world.digitalocean.fault = ({ method }) => (method === 'POST' ? { kind: 'answer', status: 502 } : undefined);
    await presses(world, 'Approve', 'sam');
    await world.passes(2);
    await steps(world, 1);
    expect(remedyMessage(world).text).toContain(
      'nothing came of it that can be seen. It may still begin: look there before you ask again.',
    );
    expect(world.digitalocean.deployments).toHaveLength(4);
  });

  story('killed between the order and its record → the next process finds it, one deployment in all', async ({ world }) => {
    releases(world);
    world.digitalocean.onActive = cures(world);
    world.digitalocean.afterDelivery = async ({ method }) => {
      if (method !== 'POST') return;
      world.digitalocean.afterDelivery = undefined;
      await world.isKilled();
    };
    await world.clinic.wrote(new Date(NOON - 60 * MINUTE), new Date(NOON - 3 * MINUTE), 100);
    await world.clinic.breaks();
    await world.startsApart();
    await world.pagerduty.fires('AuditLogWriteError: audit writes are failing');
    await world.settles();
    await robinTypes(world, '/remedy restart');
    await world.settles();
    await presses(world, 'Approve', 'sam');
    await expect.poll(() => world.digitalocean.deployments.length).toBe(5);
    await expect.poll(() => world.botUrl()).toBe('http://127.0.0.1:0');
    await world.startsApart();
    await world.moves(0.25);
    await world.settles();
    await steps(world, 9);
    expect(remedyMessage(world).text).toContain('*DONE:*');
    expect(world.digitalocean.deployments.filter(({ cause }) => cause === 'manual')).toHaveLength(1);
  });

  story('stopped while it is followed → it says that the deployment goes on', async ({ world }) => {
    await isAsked(world, '/remedy restart');
    await presses(world, 'Approve', 'sam');
    await steps(world, 2);
    expect(await presses(world, 'Stop', 'kim')).toBe('INC-1: It ends at its next safe point.');
    await steps(world, 1);
    expect(remedyMessage(world).text).toContain('*STOPPED:* kim stopped following it. What was ordered goes on by itself: deployment-5.');
  });
});

describe('hotfix (runbook step 11)', () => {
  story.for([true, false])(
    'the workflow runs on the ref and is followed by its link (GitHub says which run: %s)',
    async (tellsRun, { world }) => {
      world.github.branches.set('hotfix/audit-logging', 'abc123def456789');
      world.github.tellsRun = tellsRun;
      world.github.onSuccess = cures(world);
      await isAsked(world, '/remedy hotfix hotfix/audit-logging');
      expect(remedyMessage(world).text).toContain('Commit: abc123def456, Restore audit logging');
      await presses(world, 'Approve', 'sam');
      await steps(world, 6);
      const { text } = remedyMessage(world);
      expect(text).toContain('<https://github.example/clinic/patient-portal/actions/runs/9000|under way: 9000>');
      expect(text).toContain('*DONE:*');
      expect(world.github.runs).toHaveLength(1);
    },
  );

  story('an unknown ref, a moved ref, a failed run → each says so', async ({ world }) => {
    await isAsked(world, '/remedy hotfix nowhere');
    expect(remedyMessage(world).text).toContain('*REFUSED:* It could not be planned: GitHub answered 422.');
    world.github.branches.set('fix', 'a'.repeat(40));
    await robinTypes(world, '/remedy hotfix fix');
    await world.settles();
    world.github.branches.set('fix', 'b'.repeat(40));
    await presses(world, 'Approve', 'sam');
    await world.settles();
    expect(remedyMessage(world).text).toContain('The plan has changed since it was approved');
    expect(world.github.runs).toHaveLength(0);
    world.github.concludesAs = 'failure';
    await robinTypes(world, '/remedy hotfix fix');
    await world.settles();
    await presses(world, 'Approve', 'sam');
    await steps(world, 4);
    expect(remedyMessage(world).text).toContain('*FAILED:* It ended as failure: 9000.');
  });
});

describe('what a remedy refuses', () => {
  story('the one who asked can’t approve; `two_person: false` lets those whom the policy names', async ({ world }) => {
    await isAsked(world, '/remedy restart');
    expect(await presses(world, 'Approve', 'robin')).toContain('You asked for it: a second person must approve');
    await world.stops();
    await world.starts('approvals: { approvers: U0000000001, two_person: false }');
    expect(await presses(world, 'Approve', 'robin')).toContain('Approved.');
  });

  story('nobody approves within 15 minutes → expired, and an approval comes too late', async ({ world }) => {
    await isAsked(world, '/remedy restart');
    const { blocks } = remedyMessage(world);
    await world.passes(15.1);
    expect(remedyMessage(world).text).toContain('*EXPIRED:* Nobody approved it in time. Nothing was changed.');
    const late = { ...remedyMessage(world), blocks };
    expect(await world.slack.press(world.botUrl(), late, 'Approve', PEOPLE.sam)).toContain('It is over: Nobody approved it in time.');
  });

  story('not an approver → refused, and on record', async ({ world }) => {
    releases(world);
    await alertFires(world, undefined, 'approvals: { approvers: [U0000000001, U0000000002] }');
    await robinTypes(world, '/remedy restart');
    await world.settles();
    expect(await presses(world, 'Approve', 'kim')).toContain('Only these may do that');
    expect(await robinTypes(world, '/incident timeline')).toContain('Denied: the button Approve');
    expect(await presses(world, 'Approve', 'sam')).toContain('Approved.');
  });

  story('another one at work → refused; declined by either, the next may come', async ({ world }) => {
    await isAsked(world, '/remedy restart');
    expect(await robinTypes(world, '/remedy rollback')).toContain(
      '`/remedy restart` of robin is waiting for an approval: one remedy at a time.',
    );
    expect(await presses(world, 'Decline', 'sam')).toContain('Declined. Nothing was changed.');
    await world.settles();
    expect(remedyMessage(world).text).toContain('*DECLINED:* sam declined it. Nothing was changed.');
    expect(await robinTypes(world, '/remedy rollback')).toContain('The plan appears in the thread.');
  });

  story('no incident, a resolved one, a drill → refused; a dry run in a drill ends with its plan', async ({ world }) => {
    releases(world);
    await world.starts();
    expect(await robinTypes(world, '/remedy restart')).toContain('No incident is open.');
    await robinTypes(world, '/incident declare --drill practice');
    await world.settles();
    expect(await robinTypes(world, '/remedy restart')).toContain(
      'A drill changes nothing real. `/remedy restart --dry-run` shows the plan.',
    );
    await robinTypes(world, '/remedy restart --dry-run');
    await world.settles();
    expect(remedyMessage(world).text).toContain('*DRY-RUN:* This was a dry run: nothing was changed.');
    expect(remedyMessage(world).blocks.some(({ type }) => type === 'actions')).toBe(false);
  });

  story('an incident resolved meanwhile → the approval is refused', async ({ world }) => {
    await isAsked(world, '/remedy restart');
    await robinTypes(world, '/incident resolve anyway because the clinic is closed');
    await world.settles();
    expect(await presses(world, 'Approve', 'sam')).toContain('INC-1 was resolved at');
  });

  story('what is wrongly typed or not configured is answered with what would be right', async ({ world }) => {
    await world.starts('', { DIGITALOCEAN_TOKEN: '' });
    expect(await robinTypes(world, '/remedy')).toContain(
      '`/remedy restart` (§12): start all instances anew, follow the deployment, watch records return — not configured: set DIGITALOCEAN_TOKEN',
    );
    expect(await robinTypes(world, '/remedy restart')).toContain('not configured: set DIGITALOCEAN_TOKEN');
    expect(await robinTypes(world, '/remedy rolback')).toContain('Did you mean `/remedy rollback`?');
    expect(await robinTypes(world, '/remedy hotfix')).toContain('Say which branch or tag');
    expect(await robinTypes(world, '/remedy hotfix --upload-pack=x')).toContain('is no name of a branch or tag');
    expect(await robinTypes(world, '/remedy restart now')).toContain('takes no argument');
  });
});

test('the newest that ran before the gap is the suspect, and is not gone back to', async () => {
  const { lastGoodDeployment } = await import('#domain/remedies/deployments.ts');
  const at = (minutes: number) => new Date(NOON + minutes * MINUTE);
  const deployment = (id: string, minutes: number, phase: string) => ({ id, at: at(minutes), phase, cause: redactLine('') });
  const list = [
    deployment('later', 5, 'ACTIVE'),
    deployment('suspect', -1, 'SUPERSEDED'),
    deployment('failed', -2, 'ERROR'),
    deployment('good', -60, 'SUPERSEDED'),
  ];
  expect(lastGoodDeployment(list, at(0))?.id).toBe('good');
  expect(lastGoodDeployment(list.slice(0, 3), at(0))).toBeNull();
});
