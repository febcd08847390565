/** A node that answers each request as told: for what no real one says on command. Native protocol, v4 §2. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

const OPCODES = { error: 0x00, startup: 0x01, authenticate: 0x03, authResponse: 0x0f } as const;
const HEADER = 9;

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

export interface Answer {
  readonly opcode: number;
  readonly body: Buffer;
}

/** An error by its code in the protocol. */
export function cqlError(code: number, message: string): Answer {
  const number = Buffer.alloc(4);
  number.writeInt32BE(code);
  return { opcode: OPCODES.error, body: Buffer.concat([number, text(message)]) };
}

export const askForPassword: Answer = {
  opcode: OPCODES.authenticate,
  body: text('org.apache.cassandra.auth.PasswordAuthenticator'),
};

function serve(socket: Socket, answers: ReadonlyMap<number, Answer>): void {
  let held = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    while (held.length >= HEADER) {
      const end = HEADER + held.readInt32BE(5);
      if (held.length < end) return;
      const answer = answers.get(held.readUInt8(4)) ?? cqlError(0, 'nobody told this node what to say');
      const header = Buffer.from(held.subarray(0, HEADER));
      header.writeUInt8(header.readUInt8(0) | 0x80, 0);
      header.writeUInt8(0, 1);
      header.writeUInt8(answer.opcode, 4);
      header.writeInt32BE(answer.body.length, 5);
      socket.write(Buffer.concat([header, answer.body]));
      held = held.subarray(end);
    }
  });
}

/** Listens on loopback; resolves with `HOST:PORT` and how to close it. */
export async function cqlNode(answers: {
  readonly startup: Answer;
  readonly authResponse?: Answer;
}): Promise<{ readonly address: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const byOpcode = new Map([[OPCODES.startup as number, answers.startup]]);
  if (answers.authResponse) byOpcode.set(OPCODES.authResponse, answers.authResponse);
  const server = createServer((socket) => {
    sockets.add(socket);
    serve(socket, byOpcode);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  return {
    address: `127.0.0.1:${port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
