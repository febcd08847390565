import type { S3Connection } from '../../storage/s3-client/connection.ts';
import { type Command, type CommandContext, defineCommand, UsageError } from '../command.ts';
import { HELD, heldFrom, heldOption, isOfHeld } from '../hold.ts';
import { counted } from '../rows.ts';
import type { SyncOptions } from '../s3-sync.ts';
import { formatTarget, parseTarget, type S3Target, storeOption, withS3 } from '../s3-target.ts';

const target = (text: string, { settings }: S3Connection): S3Target => {
  const found = parseTarget(text, settings.bucket);
  if (!found) throw new UsageError(`${text} is not written s3://BUCKET/KEY`);
  return found;
};

const objectsOf = async (connection: S3Connection, store: string, bucket: string) => {
  const { S3Objects } = await import('../../storage/s3-client/objects.ts');
  return new S3Objects(store, connection, bucket);
};

const mb: Command = defineCommand({
  name: 'mb',
  summary: 'Make a bucket; the one of the store unless another is named',
  args: '[bucket]',
  options: [storeOption],
  examples: ['auxilio s3 mb', 'auxilio s3 mb s3://symbols --store bucket'],
  run: (context) =>
    withS3(context, async (connection) => {
      const [word] = context.args;
      const bucket = word === undefined ? connection.settings.bucket : bucketOf(word);
      const { makeBucket } = await import('../../storage/s3-client/bucket-upkeep.ts');
      const made = await makeBucket(connection, { bucket, signal: context.signal });
      context.print(made ? `made bucket ${bucket}` : `bucket ${bucket} is there already`);
      return 0;
    }),
});

/** `symbols` or `s3://symbols`. */
function bucketOf(word: string): string {
  const found = parseTarget(word, '') ?? { bucket: word, key: '' };
  if (found.bucket === '' || found.key !== '' || found.bucket.includes('/'))
    throw new UsageError(`${word} is no bucket`);
  return found.bucket;
}

const ls: Command = defineCommand({
  name: 'ls',
  summary: 'List keys: time of change, bytes, key; what goes on after the next / is listed as PRE',
  args: '[prefix]',
  options: [storeOption, { flags: '--recursive', doc: 'every key below' }],
  examples: ['auxilio s3 ls', 'auxilio s3 ls s3:///v1/raw_crash/20261121/ --recursive'],
  run: (context) =>
    withS3(context, async (connection, store) => {
      const { bucket, key } = target(context.args[0] ?? 's3://', connection);
      const objects = await objectsOf(connection, store, bucket);
      const delimiter = context.options['recursive'] ? {} : { delimiter: '/' };
      for await (const page of objects.pages(key, { ...delimiter, signal: context.signal })) {
        for (const prefix of page.prefixes) context.print(`PRE\t\t${prefix}`);
        for (const { modified, size, key: name } of page.objects)
          context.print(`${modified.toISOString()}\t${size}\t${name}`);
      }
      return 0;
    }),
});

const rm: Command = defineCommand({
  name: 'rm',
  summary: 'Remove an object, or with --recursive all whose keys begin so',
  args: '<key>',
  options: [
    storeOption,
    { flags: '--recursive', doc: 'every key that begins with this one' },
    { flags: '--yes', doc: 'do it; without it the command only says what it would remove' },
    heldOption,
  ],
  examples: ['auxilio s3 rm s3:///v1/dump/ID --yes', 'auxilio s3 rm s3://old/ --recursive --yes'],
  run: (context) =>
    withS3(context, async (connection, store) => {
      const where = target(context.args[0] ?? '', connection);
      const { recursive, yes } = context.options;
      if (where.key === '' && !recursive)
        throw new UsageError('give a key, or --recursive for all of a bucket');
      const objects = await objectsOf(connection, store, where.bucket);
      const signal = context.signal;
      const found = recursive
        ? objects.list(where.key, { signal })
        : (await objects.head(where.key, { signal }))
          ? [{ key: where.key }]
          : [];
      const held = await heldFrom(context);
      let count = 0;
      let kept = 0;
      async function* keys(): AsyncGenerator<string> {
        for await (const { key } of found) {
          count += 1;
          if (isOfHeld(key, held)) {
            kept += 1;
            context.warn(`${formatTarget({ ...where, key })} ${HELD}`);
            continue;
          }
          context.print(`${yes ? 'removed' : 'would remove'} ${formatTarget({ ...where, key })}`);
          if (yes) yield key;
        }
      }
      const { removeAll } = await import('../../storage/s3-client/bucket-upkeep.ts');
      await removeAll(objects, keys(), { signal });
      if (count === 0) await objects.check(where.key, { signal });
      if (count === 0) context.warn(`${formatTarget(where)}: there is nothing`);
      else if (!yes) context.warn('nothing was removed; add --yes');
      return count === 0 || kept > 0 ? 1 : 0;
    }),
});

const sync: Command = defineCommand({
  name: 'sync',
  summary: 'Copy what is new or changed from a folder to a bucket, or the other way',
  args: '<from> <to>',
  options: [
    storeOption,
    { flags: '--delete', doc: 'remove from the target what the source does not have' },
    { flags: '--dry-run', doc: 'only say what would be done' },
    { ...heldOption, doc: 'with --delete: crashes under legal hold (JOB_CLEANUP_STORAGE_HOLD) too' },
  ],
  examples: [
    'auxilio s3 sync ./symbols s3:///symbols',
    'auxilio s3 sync s3:///v1/raw_crash/20261121 ./crashes --dry-run',
  ],
  run: (context) => withS3(context, (connection, store) => runSync(context, connection, store)),
});

async function runSync(context: CommandContext, connection: S3Connection, store: string): Promise<number> {
  const [from = '', to = ''] = context.args;
  const [source, goal] = [from, to].map((word) => parseTarget(word, connection.settings.bucket));
  const where = source ?? goal;
  if (!where || (source && goal))
    throw new UsageError('one of the two is a folder, the other s3://BUCKET/PREFIX');
  const { syncDown, syncUp } = await import('../s3-sync.ts');
  const { Uploads } = await import('../../storage/s3-client/uploads.ts');
  const { silentLog } = await import('../../lib/log.ts');
  const objects = await objectsOf(connection, store, where.bucket);
  const inBucket = { ...connection, settings: { ...connection.settings, bucket: where.bucket } };
  const prefix = where.key === '' || where.key.endsWith('/') ? where.key : `${where.key}/`;
  const bucket = { objects, uploads: new Uploads(store, inBucket, objects, silentLog), prefix };
  let refused = 0;
  const dryRun = Boolean(context.options['dryRun']);
  const held = await heldFrom(context);
  const options: SyncOptions = {
    signal: context.signal,
    dryRun,
    remove: Boolean(context.options['delete']),
    isHeld: (name) => isOfHeld(name, held),
    say: (verb, name) => context.print(`${dryRun ? 'would ' : ''}${verb} ${name}`),
    refuse: (name, why) => {
      refused += 1;
      context.warn(`${JSON.stringify(name)} ${why}; left out`);
    },
  };
  const done = source ? await syncDown(bucket, to, options) : await syncUp(from, bucket, options);
  context.print(
    `${counted(done.copied, 'object')} (${done.bytes} bytes) to copy, ${done.removed} to remove, ${done.unchanged} unchanged`,
  );
  return refused === 0 ? 0 : 1;
}

export default defineCommand({
  name: 's3',
  summary: 'Work with buckets, with the endpoint and the credentials of a configured store',
  examples: ['auxilio s3 mb', 'auxilio s3 ls s3:///v1/', 'auxilio s3 sync ./symbols s3:///symbols'],
  subcommands: [mb, ls, sync, rm],
});
