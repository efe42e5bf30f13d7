import { connect, createServer, type Socket } from 'node:net';

export type ProxyMode = 'passes' | 'refuses' | 'hangs';

/** A TCP proxy before a PostgreSQL server's unix socket that can refuse, or accept and never answer. */
export type Proxy = { readonly url: string; mode: ProxyMode; readonly cut: () => void; readonly close: () => Promise<void> };

/** Opens a proxy for the database at `url` (an address with a socket folder). */
export async function openProxy(url: string): Promise<Proxy> {
  const target = new URL(url);
  const folder = target.searchParams.get('host') ?? '';
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((client) => {
    track(client);
    if (proxy.mode === 'refuses') client.destroy();
    if (proxy.mode !== 'passes') return;
    const upstream = connect(`${folder}/.s.PGSQL.5432`);
    track(upstream);
    client.on('data', (chunk) => proxy.mode !== 'hangs' && upstream.write(chunk));
    upstream.on('data', (chunk) => proxy.mode !== 'hangs' && client.write(chunk));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  target.searchParams.delete('host');
  target.hostname = '127.0.0.1';
  target.port = String(typeof address === 'object' && address !== null ? address.port : 0);
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const proxy: Proxy = {
    url: target.href,
    mode: 'passes',
    cut,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
  return proxy;
}
