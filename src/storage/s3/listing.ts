/** Crashes of a day, where the layout has days in its keys. */
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import { idIn } from '../s3-client/key-root.ts';
import { PROCESSED, RAW } from './keys.ts';
import { AT_ONCE, type S3Parts } from './s3-parts.ts';

/** simple-date: both listings are in the order of the ids, so that they can be merged as they come. */
export async function* listByDay(
  parts: S3Parts,
  day: string,
  options?: CallOptions,
): AsyncGenerator<CrashId> {
  const [raw, processed] = [RAW, PROCESSED].map((thing) =>
    idsBelow(parts, parts.keys.day(thing, day), options),
  ) as [AsyncGenerator<CrashId>, AsyncGenerator<CrashId>];
  try {
    let [a, b] = await Promise.all([raw.next(), processed.next()]);
    while (!a.done || !b.done) {
      const [first, second] = [a.done ? undefined : a.value, b.done ? undefined : b.value];
      const id = first === undefined || (second !== undefined && second < first) ? second : first;
      if (id === undefined) return;
      yield id;
      if (first === id) a = await raw.next();
      if (second === id) b = await processed.next();
    }
  } finally {
    await Promise.all([raw.return(undefined), processed.return(undefined)]);
  }
}

/**
 * v2: the day stands behind the first three digits of the id, so each of the 4,096 prefixes is listed; those without
 * any crash are left out, which the bucket tells in five requests. Crashes of which only the processed one is there,
 * and those from before v2, have no day in their keys.
 */
export async function* listByPrefix(
  parts: S3Parts,
  day: string,
  options?: CallOptions,
): AsyncGenerator<CrashId> {
  const { objects, keys } = parts;
  const below = `${day.replaceAll('-', '')}/`;
  const pending: Promise<readonly CrashId[]>[] = [];
  const start = (folder: string): void => {
    const page = collect(idsBelow(parts, folder + below, options));
    // Awaited in its turn; until then its failure is nobody's.
    page.catch(() => undefined);
    pending.push(page);
  };
  for await (const folder of objects.folders(keys.rawFolder(), options)) {
    start(folder);
    if (pending.length >= AT_ONCE) yield* (await pending.shift()) ?? [];
  }
  for (const page of pending) yield* await page;
}

export async function* idsBelow(
  parts: S3Parts,
  prefix: string,
  options?: CallOptions,
): AsyncGenerator<CrashId> {
  for await (const { key } of parts.objects.list(prefix, options)) {
    const id = idIn(key);
    if (id !== undefined) yield id;
  }
}

async function collect(ids: AsyncIterable<CrashId>): Promise<readonly CrashId[]> {
  const all: CrashId[] = [];
  for await (const id of ids) all.push(id);
  return all;
}
