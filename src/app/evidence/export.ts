import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RecordedEvent } from '#domain/incident/event.ts';
import { incidentName } from '#domain/incident/state.ts';
import { timeline } from '#domain/incident/timeline.ts';
import { timelineCsv } from '#domain/messages/timeline-csv.ts';
import type { Database, Queryable } from '#store/database.ts';
import { loadLinks } from '#store/event-store.ts';
import { type Link, UnreadableEvent, unlink } from '#store/hash-chain.ts';
import { type LedgerEntry, ledgerLine, loadHeads, loadLedgerPage } from '#store/ledger.ts';
import { loadSent, type Sent } from '#store/sent-messages.ts';
import type { AppContext } from '#workflows/context.ts';
import { reportText } from '#workflows/deliver/report.ts';

const mailSchema = z.object({
  messageId: z.string(),
  to: z.array(z.string()),
  subject: z.string(),
  text: z.string(),
  attachments: z.array(z.object({ name: z.string(), base64: z.string() })),
});

type ExportContext = Pick<AppContext, 'policy' | 'templates' | 'now'> & { readonly database: Database };

/**
 * Writes everything on record about an incident into one new folder, which `verify` accepts and which can be verified without Gapwatch.
 * Returns the names of its files. Throws when the folder is there already: evidence is never overwritten.
 */
export async function exportIncident(context: ExportContext, number: number, folder: string): Promise<readonly string[]> {
  const { links, sent, ledger } = await readRecord(context.database, number);
  const events = eventsOf(links);
  const signatures = (events ?? []).flatMap(({ event }) => (event.type === 'evidence.signed' ? [event] : []));
  const files = new Map<string, string | Uint8Array>([
    ['README.md', readme(number, links.length)],
    ['facts.jsonl', lines(links.map(({ sequence, hash, body }) => ({ sequence, hash, body })))],
    ['sent.jsonl', lines(sent.map(({ message, attempt, at, content, sha256 }) => ({ call: message, attempt, at, content, sha256 })))],
    ...ledger,
    ...(events === null ? [] : await inWords(context, number, events)),
    ...signatures.map(({ statement, signature, publicKey }, index): [string, string] => [
      `signature-${index + 1}.json`,
      `${JSON.stringify({ statement, signature, publicKey }, null, 2)}\n`,
    ]),
    ...sent.flatMap(mailFiles),
  ]);
  await mkdir(folder);
  for (const [name, content] of files) await writeFile(join(folder, name), content, { flag: 'wx' });
  return [...files.keys()];
}

/** Everything that can be judged, in one snapshot: the bot may write meanwhile. */
function readRecord(database: Database, number: number) {
  return database.transaction(async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    return { links: await loadLinks(client, number), sent: await loadSent(client, number), ledger: await ledgerFiles(client) };
  });
}

/** Null where one of them can't be read: a record that was tampered with is exported all the same, without what is made of it. */
function eventsOf(links: readonly Link[]): readonly RecordedEvent[] | null {
  try {
    return links.map(({ body }) => unlink(body));
  } catch (error) {
    if (error instanceof UnreadableEvent) return null;
    throw error;
  }
}

type File = readonly [name: string, content: string | Uint8Array];

async function inWords(context: ExportContext, number: number, events: readonly RecordedEvent[]): Promise<readonly File[]> {
  return [
    ['timeline.csv', timelineCsv(timeline(events))],
    ['report.md', `${await reportText(context, number)}\n`],
  ];
}

/** The whole installation's ledger: hashes of everything kept, and no content. */
async function ledgerFiles(client: Queryable): Promise<readonly File[]> {
  const entries: LedgerEntry[] = [];
  for (let page = await loadLedgerPage(client, 0); page.length > 0; page = await loadLedgerPage(client, page.at(-1)?.entry ?? 0)) {
    entries.push(...page);
  }
  return [
    ['ledger.txt', entries.map((entry) => `${ledgerLine(entry)}\n`).join('')],
    ['ledger-heads.jsonl', lines(await loadHeads(client))],
  ];
}

function lines(values: readonly object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

/** A mail as its reader had it, and each of its attachments. */
function mailFiles({ message, attempt, content, at }: Sent): readonly File[] {
  const mail = message.startsWith('mail/') ? readMail(content) : null;
  if (mail === null) return [];
  const name = `notice-${message.slice('mail/'.length).replace(/[^A-Za-z0-9]+/g, '-')}-${attempt}`;
  const head = `To: ${mail.to.join(', ')}\nSubject: ${mail.subject}\nMessage-ID: ${mail.messageId}\nGiven to the mail server: ${at.toISOString()}\n\n`;
  const attached = mail.attachments.map(
    ({ name: file, base64 }) => [`${name}-${file.replace(/[^A-Za-z0-9.-]+/g, '-')}`, Buffer.from(base64, 'base64')] as const,
  );
  return [[`${name}.txt`, `${head}${mail.text}`], ...attached];
}

/** Null for content that was changed beyond reading: it stands in sent.jsonl as it is. */
function readMail(content: string): z.infer<typeof mailSchema> | null {
  try {
    return mailSchema.parse(JSON.parse(content));
  } catch {
    return null;
  }
}

function readme(number: number, count: number): string {
  const name = incidentName(number);
  return `# The record of ${name}

Everything that Gapwatch knew about ${name}, in ${count} facts. Times are UTC. Keep it six years (45 CFR 164.316(b)(2)(i)).

| file | holds |
| --- | --- |
| facts.jsonl | the facts, one JSON object a line: \`sequence\`, \`body\` (canonical JSON, RFC 8785) and \`hash\` |
| sent.jsonl | every message and mail as it went out: \`content\` and its \`sha256\` |
| notice-*.txt and files of that name | the mails as their readers had them, with their attachments |
| signature-*.json | signed statements: the first \`count\` facts end in the hash \`head\` |
| ledger.txt | the ledger of the whole installation: \`entry subject incident item sha256\`, a line for everything that was kept |
| ledger-heads.jsonl | the heads that close the ledger, chained and signed: each covers the lines up to its \`through\` |
| timeline.csv, report.md | the facts in words, made for this export; missing where a fact can't be read |

## With Gapwatch

\`npm run gapwatch -- verify <this folder>\`

## Without Gapwatch

1. For each line of facts.jsonl: the SHA-256 of \`body\` (as UTF-8) is \`hash\`; \`sequence\` counts from 1 without a gap; inside the body
   \`previous\` is the \`hash\` of the line before, 64 zeros in the first one, and \`incident\` is ${number}.

   \`\`\`bash
   previous=$(printf '0%.0s' $(seq 64))
   while IFS= read -r line; do
     body=$(jq -rj .body <<<"$line"); hash=$(jq -r .hash <<<"$line")
     [ "$(printf %s "$body" | sha256sum | cut -d' ' -f1)" = "$hash" ] && [ "$(jq -r .previous <<<"$body")" = "$previous" ] || echo "BROKEN: $hash"
     previous=$hash
   done < facts.jsonl; echo "head: $previous"
   \`\`\`

2. For each line of sent.jsonl: the SHA-256 of \`content\` is \`sha256\`. A fact of type \`call.succeeded\` names the same hash as
   \`answer.contentSha256\`.
3. For each signature-*.json: the Ed25519 signature (base64) over the bytes of \`statement\` verifies with \`publicKey\`, and fact number \`count\` has
   the hash \`head\`.

   \`\`\`bash
   jq -rj .statement signature-1.json > s; jq -r .signature signature-1.json | base64 -d > s.sig; jq -r .publicKey signature-1.json > k.pem
   openssl pkeyutl -verify -pubin -inkey k.pem -rawin -in s -sigfile s.sig
   \`\`\`

4. Nothing was cut off: the last line about the facts of ${name} in ledger.txt names their number and the hash of the last one. A line
   \`sent ${number} <call>/<attempt>\` has the SHA-256 of the time (\`at\`), a line break and the content.

   \`\`\`bash
   grep ' facts ${number} ' ledger.txt | tail -1; tail -1 facts.jsonl | jq -r '"\\(.sequence) \\(.hash)"'
   jq -c . sent.jsonl | while IFS= read -r line; do
     digest=$(jq -rj '.at, "\\n", .content' <<<"$line" | sha256sum | cut -d' ' -f1)
     grep -q "$digest$" ledger.txt || echo "NOT IN THE LEDGER: $(jq -r .call <<<"$line")"
   done
   \`\`\`

5. The ledger itself: the SHA-256 of each head's \`body\` is its \`hash\`, inside the body \`previous\` is the hash of the head before, and the SHA-256 of
   the lines after the head before, up to entry \`through\`, is \`entries.sha256\`. Its signature verifies as in step 3, over \`body\`.

   \`\`\`bash
   after=0; previous=$(printf '0%.0s' $(seq 64))
   while IFS= read -r line; do
     body=$(jq -rj .body <<<"$line"); hash=$(jq -r .hash <<<"$line"); through=$(jq -r .through <<<"$body")
     digest=$(awk -v a="$after" -v t="$through" '$1 > a && $1 <= t' ledger.txt | sha256sum | cut -d' ' -f1)
     [ "$(printf %s "$body" | sha256sum | cut -d' ' -f1)" = "$hash" ] && [ "$(jq -r .previous <<<"$body")" = "$previous" ] \\
       && [ "$(jq -r .entries.sha256 <<<"$body")" = "$digest" ] || echo "BROKEN: $hash"
     previous=$hash; after=$through
   done < ledger-heads.jsonl; echo "ledger: $previous"
   \`\`\`

## Against the database

What an export can't show is what the database holds besides. These ask the database itself; each must return no row.

\`\`\`sql
-- The index against the facts, and facts without an index row.
select coalesce(index.number, fact.incident)
from gapwatch.incidents as index
full join (select incident, max(sequence) as count from gapwatch.facts group by incident) as fact on fact.incident = index.number
where index.fact_count is distinct from fact.count;

-- Numbers that were given and are nowhere.
select number from generate_series(1, (select max(number) from gapwatch.incidents)) as number
where number not in (select number from gapwatch.incidents);

-- Webhooks against the ledger.
select coalesce(line.item, webhook.webhook_id)
from (select item, sha256 from gapwatch.ledger where subject = 'deliveries'
      except select item, sha256 from gapwatch.ledger where subject = 'forgotten') as line
full join (
  select webhook_id, encode(sha256(convert_to(concat_ws(E'\\n', event_id, event_type,
    to_char(received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), body), 'UTF8')), 'hex') as sha256
  from gapwatch.deliveries
) as webhook on webhook.webhook_id = line.item
where webhook.sha256 is distinct from line.sha256;
\`\`\`

## Whoever can rewrite the database

could rewrite the ledger too, and anew with a key of their own. So compare the public key with the one you know, and the statement with
   the one that was attached to the final notice: that mail is out of their reach.
`;
}
