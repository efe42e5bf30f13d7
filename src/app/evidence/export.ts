import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { incidentName } from '#domain/incident/state.ts';
import { timeline } from '#domain/incident/timeline.ts';
import { timelineCsv } from '#domain/messages/timeline-csv.ts';
import type { Database } from '#store/database.ts';
import { loadLinks } from '#store/event-store.ts';
import { unlink } from '#store/hash-chain.ts';
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

/**
 * Writes everything on record about an incident into one new folder, which `verify` accepts and which can be verified without Gapwatch.
 * Returns the names of its files. Throws when the folder is there already: evidence is never overwritten.
 */
export async function exportIncident(
  context: Pick<AppContext, 'policy' | 'templates' | 'now'> & { readonly database: Database },
  number: number,
  folder: string,
): Promise<readonly string[]> {
  const links = await loadLinks(context.database, number);
  const sent = await loadSent(context.database, number);
  const events = links.map(({ body }) => unlink(body));
  const signatures = events.flatMap(({ event }) => (event.type === 'evidence.signed' ? [event] : []));
  const files = new Map<string, string | Uint8Array>([
    ['README.md', readme(number, links.length)],
    ['facts.jsonl', lines(links.map(({ sequence, hash, body }) => ({ sequence, hash, body })))],
    ['sent.jsonl', lines(sent.map(({ message, attempt, at, content, sha256 }) => ({ call: message, attempt, at, content, sha256 })))],
    ['timeline.csv', timelineCsv(timeline(events))],
    ['report.md', `${await reportText(context, number)}\n`],
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

function lines(values: readonly object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

/** A mail as its reader had it, and each of its attachments. */
function mailFiles({ message, attempt, content, at }: Sent): readonly (readonly [string, string | Uint8Array])[] {
  if (!message.startsWith('mail/')) return [];
  const mail = mailSchema.parse(JSON.parse(content));
  const name = `notice-${message.slice('mail/'.length).replace(/[^A-Za-z0-9]+/g, '-')}-${attempt}`;
  const head = `To: ${mail.to.join(', ')}\nSubject: ${mail.subject}\nMessage-ID: ${mail.messageId}\nGiven to the mail server: ${at.toISOString()}\n\n`;
  const attached = mail.attachments.map(
    ({ name: file, base64 }) => [`${name}-${file.replace(/[^A-Za-z0-9.-]+/g, '-')}`, Buffer.from(base64, 'base64')] as const,
  );
  return [[`${name}.txt`, `${head}${mail.text}`], ...attached];
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
| timeline.csv, report.md | the facts in words, made for this export |

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

   Whoever can rewrite the database could sign anew with a key of their own. So compare the public key with the one you know, and the statement with
   the one that was attached to the final notice: that mail is out of their reach.
`;
}
