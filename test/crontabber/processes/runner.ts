/**
 * A real process with a loop: `runner.ts URL START_MS SPEED UNTIL_MS`. Says `ready`, then waits for a line on stdin with
 * the moment (ms since the epoch) at which its clock starts at START_MS, SPEED times as fast: processes that are told the
 * same moment have the same clock, however long each took to start. Prints a line for each run; ends at UNTIL_MS.
 */

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { defineJob } from '../../../src/crontabber/job.ts';
import { CronLoop } from '../../../src/crontabber/loop.ts';
import { openDatabase } from '../../../src/database/open.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { loopDeps, MINUTE_MS } from '../loop-bench.ts';

const [url = '', start = '0', speed = '1', until = '0'] = process.argv.slice(2);
let begun = Number.NaN;
const now = (): number => Number(start) + (Date.now() - begun) * Number(speed);
const say = (what: string, job: string, to: Date): void =>
  console.log(`${what} ${job} ${to.toISOString()} ${Date.now()}`);

const job = (name: string, every: `${number}m`, ms: number, after: readonly string[] = []) =>
  defineJob({
    name,
    every,
    after,
    backfill: true,
    timeoutMs: 60_000,
    async run({ period }) {
      say('start', name, period.to);
      await new Promise((resolve) => setTimeout(resolve, ms));
      say('end', name, period.to);
    },
  });

const database = await openDatabase(url, { log: silentLog });
const loop = new CronLoop(
  loopDeps(
    database,
    [
      job('first', '1m', 5),
      job('second', '2m', 20, ['first']),
      job('third', '5m', 40, ['first', 'second']),
      job('stuck', '10m', process.env['STUCK'] ? 60_000 : 30),
    ],
    now,
    {
      tickMs: 20,
      leaseMs: Number(process.env['LEASE'] ?? MINUTE_MS),
      concurrency: 2,
      host: `pid ${process.pid}`,
    },
  ),
);
const input = createInterface({ input: process.stdin });
const told = once(input, 'line');
console.log('ready');
begun = Number((await told)[0]);
input.close();
const stop = new AbortController();
setTimeout(() => stop.abort(), (Number(until) - now()) / Number(speed));
await loop.run({ signal: stop.signal });
await database.close();
