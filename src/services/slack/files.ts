import { ServiceFailure } from '#services/failure.ts';
import { messages } from './messages.ts';
import { type Call, completedSchema, read, uploadSchema } from './shapes.ts';

/** `words` say what an image shows, for those who can't see it. */
export type SharedFile = {
  readonly name: string;
  readonly title: string;
  readonly content: string | Uint8Array;
  readonly comment: string;
  readonly text?: string;
};

const DEADLINE_MILLISECONDS = 10_000;

/** Looks for a file of this name in a thread; returns its link. */
export async function findFile(call: Call, channel: string, threadTs: string, name: string): Promise<string | null> {
  for await (const message of messages(call, channel, new Date(Number(threadTs) * 1_000), threadTs)) {
    const file = message.files?.find((each) => each.name === name);
    if (file) return file.permalink ?? '';
  }
  return null;
}

/** Uploads a file into a thread, or into the channel itself; returns its link. */
export async function shareFile(call: Call, channel: string, threadTs: string | null, file: SharedFile): Promise<string> {
  const bytes = Buffer.from(file.content);
  const wanted = { filename: file.name, length: bytes.length, ...(file.text ? { alt_txt: file.text } : {}) };
  const upload = read(uploadSchema, 'files.getUploadURLExternal', await call('files.getUploadURLExternal', wanted));
  const sent = await fetch(upload.upload_url, { method: 'POST', body: bytes, signal: AbortSignal.timeout(DEADLINE_MILLISECONDS) }).catch(
    (cause: unknown) => Promise.reject(new ServiceFailure('slack', 'unavailable', 'the file upload got no answer', { cause })),
  );
  if (!sent.ok) throw new ServiceFailure('slack', 'unavailable', `the file upload was answered ${sent.status}`);
  const completed = await call('files.completeUploadExternal', {
    files: [{ id: upload.file_id, title: file.title }],
    channel_id: channel,
    ...(threadTs === null ? {} : { thread_ts: threadTs }),
    ...(file.comment === '' ? {} : { initial_comment: file.comment }),
  });
  return read(completedSchema, 'files.completeUploadExternal', completed).files[0]?.permalink ?? '';
}
