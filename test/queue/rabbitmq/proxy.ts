/** A wire between client and server that can be cut, and that can go dead without being cut. */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Proxy {
  /** The server's address with this wire's host and port. */
  url(serverUrl: string): string;
  /** Ends all connections at once, rudely. */
  cut(): void;
  /** Nothing passes any more in either direction, and nobody is told. */
  freeze(): void;
  thaw(): void;
  /** Connections made so far. */
  readonly made: () => number;
  close(): Promise<void>;
}

export async function newProxy(serverUrl: string): Promise<Proxy> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let made = 0;
  let isFrozen = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    if (isFrozen) socket.pause();
  };
  const wire = createServer((client) => {
    made += 1;
    const server = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('data', (bytes: Buffer) => to.write(bytes));
      from.on('close', () => to.destroy());
      keep(from);
    }
  });
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  const { port } = wire.address() as { readonly port: number };
  return {
    url(url) {
      const changed = new URL(url);
      changed.host = `127.0.0.1:${port}`;
      return changed.href;
    },
    cut() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    freeze() {
      isFrozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw() {
      isFrozen = false;
      for (const socket of sockets) socket.resume();
    },
    made: () => made,
    async close() {
      for (const socket of sockets) socket.destroy();
      wire.close();
      await once(wire, 'close');
    },
  };
}
