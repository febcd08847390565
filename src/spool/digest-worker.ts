/** The thread behind `Digester`: reads files and answers with their size and SHA-256. */
import { createHash, hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { yieldToOthers } from '../lib/background-thread.ts';
import type { Digest, DigestAnswer, DigestRequest } from './digest.ts';

const buffer = Buffer.alloc(512 * 1024);

/** As much as fits; fewer bytes than that are the last ones. */
function fill(file: number): Buffer {
  let length = 0;
  while (length < buffer.length) {
    const read = readSync(file, buffer, length, buffer.length - length, null);
    if (read === 0) break;
    length += read;
  }
  return buffer.subarray(0, length);
}

function digest({ path }: DigestRequest): Digest {
  const file = openSync(path, 'r');
  try {
    let bytes = fill(file);
    if (bytes.length < buffer.length) return { size: bytes.length, sha256: hash('sha256', bytes, 'hex') };
    const sum = createHash('sha256');
    let size = 0;
    for (;;) {
      sum.update(bytes);
      size += bytes.length;
      if (bytes.length < buffer.length) return { size, sha256: sum.digest('hex') };
      bytes = fill(file);
    }
  } finally {
    closeSync(file);
  }
}

function answer(request: DigestRequest): DigestAnswer {
  try {
    return { number: request.number, ...digest(request) };
  } catch (error) {
    const { code = 'EIO', message } = error as NodeJS.ErrnoException;
    return { number: request.number, error: { code, message } };
  }
}

yieldToOthers();
parentPort?.on('message', (requests: readonly DigestRequest[]) =>
  parentPort?.postMessage(requests.map(answer)),
);
