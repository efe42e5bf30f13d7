import type { IncomingMessage } from 'node:http';

/** A request's body is larger than allowed. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

/** The exact bytes of a request's body, for a signature. Rejects with {@link BodyTooLarge} over `limit` bytes, and when the client goes away. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) throw new BodyTooLarge(`${announced} bytes announced, ${limit} allowed`);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > limit) throw new BodyTooLarge(`over ${limit} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
