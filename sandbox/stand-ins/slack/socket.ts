import { once } from 'node:events';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';

/** Slack's side of Socket Mode: the app connects, and requests reach it as envelopes that it must acknowledge by their id. */
export type SocketSide = {
  readonly url: string;
  /** Sends a request and answers the payload of its acknowledgement. Waits for the app to connect; rejects after 3 s without an answer. */
  readonly send: (type: 'slash_commands' | 'interactive', payload: Readonly<Record<string, unknown>>) => Promise<unknown>;
  readonly close: () => Promise<void>;
};

const acknowledgementSchema = z.object({ envelope_id: z.string(), payload: z.unknown() });

/** Opens a WebSocket server on a free port. */
export async function openSocketSide(): Promise<SocketSide> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const address = server.address();
  const connected = Promise.withResolvers<WebSocket>();
  server.on('connection', (socket) => {
    socket.send(JSON.stringify({ type: 'hello', num_connections: 1, connection_info: { app_id: 'A1' }, debug_info: {} }));
    connected.resolve(socket);
  });
  let count = 0;
  return {
    url: `ws://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    send: async (type, payload) => {
      const socket = await connected.promise;
      count += 1;
      const id = `envelope-${count}`;
      const acknowledged = new Promise<unknown>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('no acknowledgement within 3 s')), 3_000);
        const listen = (data: Buffer) => {
          const message = acknowledgementSchema.safeParse(JSON.parse(data.toString()));
          if (message.data?.envelope_id !== id) return;
          clearTimeout(timer);
          socket.off('message', listen);
          resolve(message.data.payload);
        };
        socket.on('message', listen);
      });
      socket.send(JSON.stringify({ type, envelope_id: id, payload, accepts_response_payload: true }));
      return acknowledged;
    },
    close: async () => {
      for (const client of server.clients) client.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
