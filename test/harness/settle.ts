import pg from 'pg';

/** What is due now or being done, leaving out what repeats for ever: the poll and the watch are waited for as well when they run. */
const BUSY = `
  select count(*)::int as busy from pgboss.job
  where name <> 'dead' and (state = 'active' or (state in ('created', 'retry') and start_after <= pgboss.job_now()))`;

/** Waits until no job is due or active in the store at `url`. Fails after that time and names what was still going on. */
export async function settle(url: string, withinSeconds = 60): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const deadline = Date.now() + withinSeconds * 1_000;
    for (let quiet = 0; quiet < 2; ) {
      const { rows } = await client.query<{ busy: number }>(BUSY);
      quiet = rows[0]?.busy === 0 ? quiet + 1 : 0;
      if (quiet < 2) await new Promise((resolve) => setTimeout(resolve, 15));
      if (Date.now() > deadline) throw new Error(await stillBusy(client));
    }
  } finally {
    await client.end();
  }
}

async function stillBusy(client: pg.Client): Promise<string> {
  const { rows } = await client.query(
    `select name, state, data, output, retry_count from pgboss.job
     where state = 'active' or (state in ('created', 'retry') and start_after <= pgboss.job_now())`,
  );
  return `jobs did not settle in time: ${JSON.stringify(rows)}`;
}
