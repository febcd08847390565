/**
 * One contender in a process of its own, so that memory and collections of garbage are its own. Takes the engine, `ours`
 * or `bare`, and the place as JSON; does what its parent sends, and answers each.
 */
import { randomBytes } from 'node:crypto';
import { keepYoungHeapSmall } from '../../src/lib/young-heap.ts';
import { generatedDump, rawCrash, report } from '../../src/storage/conformance/inputs.ts';
import { growthDuring } from '../../src/storage/conformance/memory-growth.ts';
import { can } from '../../src/storage/contract.ts';
import { subjectOf } from './all.ts';
import type { Load, Loaded, Order } from './orders.ts';
import {
  type Contender,
  type Place,
  type ProcessedStore,
  processedContender,
  reportContender,
  type Subject,
} from './subject.ts';

const MIB = 1024 ** 2;
const SAMPLE_MS = 20;
const [engine = '', who = '', place = '{}', kb = '400'] = process.argv.slice(2);
const subject = subjectOf(engine);
const where = JSON.parse(place) as Place;
const dump = randomBytes(Number(kb) * 1000);

// As the services do.
if (who === 'ours') keepYoungHeapSmall();

async function open(of: Subject): Promise<Contender> {
  if (who === 'bare') return of.bare(where, dump);
  const store = await of.open(where);
  return can(store, 'report.write', 'raw.read', 'dumps.read')
    ? reportContender(store, dump)
    : processedContender(store as ProcessedStore);
}

const ids: string[] = [];
let next = 0;

async function step(contender: Contender, what: Load['what']): Promise<void> {
  if (what === 'write') {
    ids.push(await contender.write());
    return;
  }
  const id = ids[next % ids.length] as string;
  next += 1;
  const bytes = await contender.read(id);
  if (bytes !== (subject.dumps ? dump.length : 1)) throw new Error(`${bytes} bytes came back of ${id}`);
}

async function load(contender: Contender, { what, seconds, atOnce }: Load): Promise<Loaded> {
  const latencies: number[] = [];
  const started = performance.now();
  const end = started + seconds * 1000;
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, SAMPLE_MS);
  const worker = async (): Promise<void> => {
    while (performance.now() < end) {
      const begun = performance.now();
      await step(contender, what);
      latencies.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  clearInterval(timer);
  const lasted = (performance.now() - started) / 1000;
  return { rate: latencies.length / lasted, latencies: latencies.sort((a, b) => a - b), peak };
}

/** Growth of memory in MiB for one large dump, in and out. */
async function large(megabytes: number): Promise<number> {
  const store = await subject.open(where);
  if (!can(store, 'report.write', 'dumps.read')) throw new Error(`${engine} keeps no dumps`);
  // One before, so that code and buffers that are there once do not count.
  await reportContender(store as never, dump).write();
  const raw = rawCrash();
  const chunk = Buffer.alloc(64 * 1024, 'auxilio ');
  const size = megabytes * MIB;
  const core = generatedDump('core', size, function* () {
    for (let sent = 0; sent < size; sent += chunk.length) yield chunk;
  });
  const grown = await growthDuring(async () => {
    await store.saveReport(report(raw, core));
    let read = 0;
    for await (const piece of await (await store.readDump(raw.id, 'core')).open())
      read += (piece as Buffer).length;
    if (read !== size) throw new Error(`${read} bytes came back instead of ${size}`);
  });
  await store.close();
  return grown / MIB;
}

let contender: Contender | undefined;

async function obey(order: Order): Promise<unknown> {
  if (order.what === 'large') return large(order.megabytes);
  if (order.what === 'close') {
    await contender?.close();
    process.disconnect();
    return undefined;
  }
  contender ??= await open(subject);
  return load(contender, order);
}

process.on('message', (order: Order) => {
  obey(order).then(
    (answer) => {
      if (process.connected) process.send?.({ answer });
    },
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
