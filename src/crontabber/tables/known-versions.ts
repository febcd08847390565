/** Versions of products: seen in crashes, released by their makers, featured on pages. */
import type { Database } from '../../database/contract.ts';
import type { CallOptions } from '../../model/report.ts';
import { versionKey } from '../../search/version-order.ts';

interface Tables {
  readonly crontabber_product_version: {
    readonly product: string;
    readonly channel: string;
    readonly version: string;
    readonly first_seen: string | null;
    readonly last_seen: string | null;
    readonly released: string | null;
    readonly featured: number;
  };
}

export interface VersionName {
  readonly product: string;
  /** Empty when nobody says. */
  readonly channel: string;
  readonly version: string;
}

export interface KnownVersion extends VersionName {
  /** Days of the first and last crash. */
  readonly firstSeen: string | undefined;
  readonly lastSeen: string | undefined;
  /** Day. */
  readonly released: string | undefined;
  readonly featured: boolean;
}

const LONGEST_NAME = 200;

/** Crashes come from anybody: what no database takes, or no person would write, is no version. */
export const isVersionName = ({ product, channel, version }: VersionName): boolean =>
  product !== '' &&
  version !== '' &&
  [product, channel, version].every((text) => text.length <= LONGEST_NAME && !text.includes('\u0000'));

const batches = function* <T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < all.length; i += size) yield all.slice(i, i + size);
};

/** Rows of one statement: SQLite takes 32,766 values. */
const BATCH = 500;

export class KnownVersions {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Seen on these days, the first and the last; again, or in another order, changes nothing. */
  async saw(
    versions: readonly VersionName[],
    [first, last]: readonly [first: string, last: string],
    { signal }: CallOptions = {},
  ): Promise<void> {
    for (const batch of batches(versions, BATCH))
      await this.#database
        .tables<Tables>()
        .insertInto('crontabber_product_version')
        .values(
          batch.map((name) => ({ ...name, first_seen: first, last_seen: last, released: null, featured: 0 })),
        )
        .onConflict((conflict) =>
          conflict.columns(['product', 'channel', 'version']).doUpdateSet((eb) => ({
            first_seen: eb
              .case()
              .when('crontabber_product_version.first_seen', '<', first)
              .then(eb.ref('crontabber_product_version.first_seen'))
              .else(first)
              .end(),
            last_seen: eb
              .case()
              .when('crontabber_product_version.last_seen', '>', last)
              .then(eb.ref('crontabber_product_version.last_seen'))
              .else(last)
              .end(),
          })),
        )
        .execute(signal ? { signal } : {});
  }

  /** The day that was told last holds. */
  async released(
    versions: readonly (VersionName & { readonly day: string })[],
    { signal }: CallOptions = {},
  ): Promise<void> {
    for (const batch of batches(versions, BATCH))
      await this.#database
        .tables<Tables>()
        .insertInto('crontabber_product_version')
        .values(
          batch.map(({ day, ...name }) => ({
            ...name,
            first_seen: null,
            last_seen: null,
            released: day,
            featured: 0,
          })),
        )
        .onConflict((conflict) =>
          conflict
            .columns(['product', 'channel', 'version'])
            .doUpdateSet((eb) => ({ released: eb.ref('excluded.released') })),
        )
        .execute(signal ? { signal } : {});
  }

  /** By product and channel, newest version first. */
  async list({ signal }: CallOptions = {}): Promise<readonly KnownVersion[]> {
    const rows = await this.#database
      .tables<Tables>()
      .selectFrom('crontabber_product_version')
      .selectAll()
      .execute(signal ? { signal } : {});
    const known = rows.map((row) => ({
      key: versionKey(row.version),
      product: row.product,
      channel: row.channel,
      version: row.version,
      firstSeen: row.first_seen ?? undefined,
      lastSeen: row.last_seen ?? undefined,
      released: row.released ?? undefined,
      featured: row.featured === 1,
    }));
    return known
      .sort(
        (a, b) =>
          order(a.product, b.product) ||
          order(a.channel, b.channel) ||
          order(b.key, a.key) ||
          order(a.version, b.version),
      )
      .map(({ key: _, ...version }) => version);
  }

  /** These and no others. */
  async feature(versions: readonly VersionName[], { signal }: CallOptions = {}): Promise<void> {
    await this.#database
      .tables<Tables>()
      .transaction()
      .execute(async (tx) => {
        const how = signal ? { signal } : {};
        await tx
          .updateTable('crontabber_product_version')
          .set({ featured: 0 })
          .where('featured', '=', 1)
          .execute(how);
        for (const { product, channel, version } of versions)
          await tx
            .updateTable('crontabber_product_version')
            .set({ featured: 1 })
            .where('product', '=', product)
            .where('channel', '=', channel)
            .where('version', '=', version)
            .execute(how);
      });
  }
}

const order = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
