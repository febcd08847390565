/**
 * The chunks of one save on their way: few of them go with the crash, in its transaction; many are written ahead,
 * under a mark in `staging` by which a sweep finds them when their writer died.
 */
import { randomInt } from 'node:crypto';
import type { PostgresPool } from '../../database/postgres-pool.ts';
import type { PostgresSession } from '../../database/postgres-session.ts';
import type { CallOptions } from '../../model/report.ts';
import { CHUNK_BYTES, type Chunk, HELD_BYTES, placesOf } from './chunks.ts';

export interface UploadPlan {
  readonly pool: PostgresPool;
  readonly staging: string;
  /** Of a report; null for a blob, whose chunks lie in no partition. */
  readonly day: string | null;
  /** Around each write, which may run more than once: makes the partition that it lacks. */
  within<T>(options: CallOptions, write: () => Promise<T>): Promise<T>;
  /** Puts chunks down, in whatever is open. */
  insert(session: PostgresSession, upload: number, chunks: readonly Chunk[]): Promise<void>;
  /** Takes away what was written ahead. */
  undo(session: PostgresSession, upload: number): Promise<void>;
}

export class Upload {
  readonly number = randomInt(2 ** 47);
  readonly #plan: UploadPlan;
  #held: Chunk[] = [];
  #bytes = 0;
  #staged = false;
  readonly #free: Buffer[] = [];

  constructor(plan: UploadPlan) {
    this.#plan = plan;
  }

  /** Memory for the next chunk: of one that was written, when there is one. */
  buffer(size: number): Buffer {
    return (size === CHUNK_BYTES ? this.#free.pop() : undefined) ?? Buffer.allocUnsafeSlow(size);
  }

  async add(chunk: Chunk, options: CallOptions): Promise<void> {
    this.#held.push(chunk);
    this.#bytes += chunk.bytes.length;
    if (this.#bytes >= HELD_BYTES) await this.#writeAhead(options);
  }

  /** What is left goes into the transaction that makes the whole readable; the mark goes with it. */
  async finish(session: PostgresSession): Promise<void> {
    if (this.#held.length > 0) await this.#plan.insert(session, this.number, this.#held);
    if (this.#staged)
      await session.query(`delete from ${this.#plan.staging} where upload = $1`, [this.number]);
  }

  /** After a failure. Not with the caller's signal, which may be why we are here. */
  async undo(reason: unknown): Promise<void> {
    if (!this.#staged) return;
    try {
      await this.#plan.pool.transaction(async (session) => {
        await this.#plan.undo(session, this.number);
        await session.query(`delete from ${this.#plan.staging} where upload = $1`, [this.number]);
      });
    } catch (cause) {
      // A sweep takes them away; what matters to the caller is why the save failed.
      if (reason instanceof Error && reason.cause === undefined) reason.cause = cause;
    }
  }

  async #writeAhead(options: CallOptions): Promise<void> {
    const { pool, staging, day } = this.#plan;
    const [first, chunks] = [!this.#staged, this.#held];
    // From here on even a write whose answer nobody waited for has to be undone.
    this.#staged = true;
    this.#held = [];
    this.#bytes = 0;
    const mark = `insert into ${staging} (upload, day) values ($1, $2) on conflict do nothing`;
    await this.#plan.within(options, () =>
      pool.withSession(async (session) => {
        if (first) await session.query(mark, [this.number, day]);
        await this.#plan.insert(session, this.number, chunks);
      }, options),
    );
    this.#free.push(...chunks.map(({ bytes }) => bytes).filter(({ length }) => length === CHUNK_BYTES));
  }
}

/**
 * One statement for each chunk: `pg` puts a statement together in a buffer that begins small and doubles, so that
 * several chunks in one would leave four times their bytes to the collector of garbage.
 */
export async function insertChunks(
  session: PostgresSession,
  table: string,
  columns: string,
  chunks: readonly Chunk[],
  row: (chunk: Chunk) => readonly unknown[],
): Promise<void> {
  for (const chunk of chunks) {
    const values = row(chunk);
    await session.query(`insert into ${table} (${columns}) values ${placesOf(1, values.length)}`, values);
  }
}
