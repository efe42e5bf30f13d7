import { once } from 'node:events';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';

/** Slack's side of Socket Mode: the app connects, and requests reach it as envelopes that it must acknowledge by their id. */
export type SocketSide = {
  readonly url: string;
  /** Sends a request and answers the payload of its acknowledgement. Waits for the app to connect; rejects after 3 s without an answer. */
  readonly send: (type: EnvelopeType, payload: Readonly<Record<string, unknown>>) => Promise<unknown>;
  /** Sends the last envelope once more, as Slack does when an acknowledgement was lost. */
  readonly sendsAgain: () => Promise<unknown>;
  /** Sends the app these bytes, whatever they are. */
  readonly says: (text: string) => Promise<void>;
  /** Breaks the connection, without a word. */
  readonly breaks: () => Promise<void>;
  readonly close: () => Promise<void>;
};

type EnvelopeType = 'slash_commands' | 'interactive' | 'events_api';
type Envelope = { readonly type: EnvelopeType; readonly envelope_id: string; readonly payload: unknown };

const acknowledgementSchema = z.object({ envelope_id: z.string(), payload: z.unknown() });

/** Opens a WebSocket server on a free port. */
export async function openSocketSide(): Promise<SocketSide> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const address = server.address();
  let connected = Promise.withResolvers<WebSocket>();
  server.on('connection', (socket) => {
    socket.on('close', () => {
      connected = Promise.withResolvers<WebSocket>();
    });
    socket.send(JSON.stringify({ type: 'hello', num_connections: 1, connection_info: { app_id: 'A1' }, debug_info: {} }));
    connected.resolve(socket);
  });
  let count = 0;
  let last: Envelope | undefined;
  const deliver = async (envelope: Envelope): Promise<unknown> => {
    const socket = await connected.promise;
    const acknowledged = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no acknowledgement within 3 s')), 3_000);
      const listen = (data: Buffer) => {
        const message = acknowledgementSchema.safeParse(JSON.parse(data.toString()));
        if (message.data?.envelope_id !== envelope.envelope_id) return;
        clearTimeout(timer);
        socket.off('message', listen);
        resolve(message.data.payload);
      };
      socket.on('message', listen);
    });
    socket.send(JSON.stringify({ ...envelope, accepts_response_payload: true }));
    return acknowledged;
  };
  return {
    url: `ws://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    send: (type, payload) => {
      count += 1;
      last = { type, envelope_id: `envelope-${count}`, payload };
      return deliver(last);
    },
    sendsAgain: async () => {
      if (last === undefined) throw new Error('no envelope was sent yet');
      return deliver(last);
    },
    says: async (text) => (await connected.promise).send(text),
    breaks: async () => {
      const socket = await connected.promise;
      const closed = once(socket, 'close');
      socket.terminate();
      await closed;
    },
    close: async () => {
      for (const client of server.clients) client.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
