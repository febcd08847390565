/** A load generator cheap enough to share the machine: prepared bytes on keep-alive sockets, answers barely parsed. */
import { connect, type Socket } from 'node:net';

export interface LoadResult {
  readonly answers: number;
  readonly failed: number;
  readonly seconds: number;
  /** Milliseconds, sorted. */
  readonly latencies: readonly number[];
}

export interface Load {
  readonly port: number;
  /** A whole HTTP request. */
  readonly request: Buffer;
  readonly connections: number;
  readonly seconds: number;
}

const LENGTH = /content-length: (\d+)/i;

/** One answer; its status. */
function readAnswer(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onClose = (): void => reject(new Error('the server closed the connection'));
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(LENGTH.exec(text)?.[1] ?? 0);
      // Chunked answers are small and come whole.
      if (text.length < end + 4 + length) return;
      socket.off('data', onData).off('close', onClose);
      resolve(Number(text.slice(9, 12)));
    };
    socket.on('data', onData).on('close', onClose);
  });
}

export async function upload(load: Load): Promise<LoadResult> {
  const latencies: number[] = [];
  let failed = 0;
  const startedAt = performance.now();
  const endsAt = startedAt + load.seconds * 1000;
  async function client(): Promise<void> {
    const socket = connect(load.port, '127.0.0.1');
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    try {
      for (let now = performance.now(); now < endsAt; ) {
        const answer = readAnswer(socket);
        socket.write(load.request);
        const status = await answer;
        const done = performance.now();
        if (status === 200) latencies.push(done - now);
        else failed += 1;
        now = done;
      }
    } finally {
      socket.destroy();
    }
  }
  await Promise.all(Array.from({ length: load.connections }, client));
  const seconds = (performance.now() - startedAt) / 1000;
  return { answers: latencies.length, failed, seconds, latencies: latencies.sort((a, b) => a - b) };
}
