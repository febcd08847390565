/** Adds names to the threads of a minidump whose writer knows none: a stream behind its end, and a new directory. */

const STREAM_THREAD_LIST = 3;
const STREAM_THREAD_NAMES = 24;
const ENTRY_BYTES = 12;
const THREAD_BYTES = 48;

function threadIds(dump: Buffer): number[] {
  const count = dump.readUInt32LE(8);
  const directory = dump.readUInt32LE(12);
  for (let i = 0; i < count; i += 1) {
    const at = directory + i * ENTRY_BYTES;
    if (dump.readUInt32LE(at) !== STREAM_THREAD_LIST) continue;
    const list = dump.readUInt32LE(at + 8);
    const threads = dump.readUInt32LE(list);
    return Array.from({ length: threads }, (_, t) => dump.readUInt32LE(list + 4 + t * THREAD_BYTES));
  }
  return [];
}

/** `names` are in the order of the dump's thread list. */
export function nameThreads(dump: Buffer, names: readonly string[]): Buffer {
  const ids = threadIds(dump).slice(0, names.length);
  const parts: Buffer[] = [dump];
  let end = dump.length;
  const append = (bytes: Buffer): number => {
    const at = end;
    const padded = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
    parts.push(padded);
    end += padded.length;
    return at;
  };
  append(Buffer.alloc((4 - (dump.length % 4)) % 4));
  const rvas = ids.map((_, i) => {
    const text = Buffer.from(`${names[i]}\0`, 'utf16le');
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length - 2);
    return append(Buffer.concat([length, text]));
  });
  const list = Buffer.alloc(4 + ids.length * 12);
  list.writeUInt32LE(ids.length);
  for (const [i, id] of ids.entries()) {
    list.writeUInt32LE(id, 4 + i * 12);
    list.writeBigUInt64LE(BigInt(rvas[i] ?? 0), 8 + i * 12);
  }
  const stream = append(list);
  const count = dump.readUInt32LE(8);
  const from = dump.readUInt32LE(12);
  const entry = Buffer.alloc(ENTRY_BYTES);
  entry.writeUInt32LE(STREAM_THREAD_NAMES);
  entry.writeUInt32LE(list.length, 4);
  entry.writeUInt32LE(stream, 8);
  const directory = append(Buffer.concat([dump.subarray(from, from + count * ENTRY_BYTES), entry]));
  const result = Buffer.concat(parts);
  result.writeUInt32LE(count + 1, 8);
  result.writeUInt32LE(directory, 12);
  return result;
}
