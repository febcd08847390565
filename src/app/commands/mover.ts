import { join } from 'node:path';
import { systemClock } from '../../lib/clock.ts';
import { NodeDisk } from '../../lib/disk.ts';
import { Mover } from '../../storage/transfer/mover.ts';
import { describeDifference } from '../../storage/transfer/outcome.ts';
import { Rate } from '../../storage/transfer/rate.ts';
import { defineCommand, UsageError } from '../command.ts';
import { durationValue, rateValue, wholeValue } from '../command-values.ts';
import { keyOf, paceOptions, pairOf, transferFolder } from '../run-transfer.ts';
import { withApp } from '../with-app.ts';

/** With `--once` somebody waits for the end of it. */
const ONCE_ATTEMPTS = 5;

export default defineCommand({
  name: 'mover',
  summary: "Take one store's new crashes to another for as long as it runs; remembers what it moved",
  options: [
    { flags: '--from <expression>', doc: 'the store that gets new crashes' },
    { flags: '--to <expression>', doc: 'the store they go to' },
    {
      flags: '--once',
      doc: 'one look at all the days, then end; exit code 1 when something could not be moved',
    },
    {
      flags: '--remove',
      doc: 'take each crash out of the source when all of it was found in the target by SHA-256',
    },
    { flags: '--days <n>', doc: 'how many days back it looks, today included', default: '7' },
    {
      flags: '--every <duration>',
      doc: "how often it looks for today's and yesterday's crashes",
      default: '10s',
    },
    ...paceOptions,
  ],
  examples: [
    'auxilio mover --from intake --to bucket --remove',
    "auxilio mover --from bucket --to 'poly(archive, index)' --every 1m --rate 50",
    'auxilio mover --from intake --to bucket --once',
  ],
  async run(context) {
    const { from, to, once, remove, days, every, concurrency, rate } = context.options;
    if (typeof from !== 'string' || typeof to !== 'string')
      throw new UsageError('--from and --to name the two stores');
    const pair = pairOf([from, to]);
    const everyMs = durationValue('--every', every);
    if (everyMs < 100) throw new UsageError('--every is 100ms or more');
    const pace = {
      days: wholeValue('--days', days),
      everyMs,
      concurrency: wholeValue('--concurrency', concurrency),
      rate: new Rate(rateValue('--rate', rate)),
    };
    return withApp(context, async (app) => {
      const stores = await app.stores();
      const folder = join(transferFolder(app.configuration), `mover-${await keyOf(app, pair)}`);
      const mover = new Mover(await stores.get(pair.from, '--from'), await stores.get(pair.to, '--to'), {
        ...pace,
        disk: new NodeDisk(),
        clock: systemClock,
        log: app.log,
        folder,
        remove: remove === true,
        pauses: { firstMs: 1000, longestMs: 300_000, ...(once ? { attempts: ONCE_ATTEMPTS } : {}) },
      });
      for (const note of mover.notes) context.warn(`note: ${note}`);
      if (!once) return mover.run({ signal: context.signal });
      const { moved, removed, failures } = await mover.once({ signal: context.signal });
      for (const difference of failures) context.warn(describeDifference(difference));
      context.print(`${moved} moved, ${removed} taken out of ${pair.from}, ${failures.length} differences`);
      return failures.length > 0 ? 1 : 0;
    });
  },
});
