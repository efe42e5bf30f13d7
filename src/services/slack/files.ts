import { z } from 'zod';
import { ServiceFailure } from '#services/failure.ts';
import { type Call, read } from './answers.ts';

/** `text` says what an image shows, for those who can't see it. */
export type SharedFile = {
  readonly name: string;
  readonly title: string;
  readonly content: string | Uint8Array;
  readonly comment: string;
  readonly text?: string;
};

const DEADLINE_MILLISECONDS = 10_000;

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

const uploadSchema = z.object({ upload_url: z.string(), file_id: z.string() });
const completedSchema = z.object({ files: z.array(z.object({ permalink: z.string().optional() })) });
