/** The indices that are there: made when a week begins, brought up to date, dropped. */
import type { Client, estypes } from '@elastic/elasticsearch';
import type { CallOptions } from '../../model/report.ts';
import { answerOf, type ServerError } from './errors.ts';
import { type Fields, type IndexShape, indexBody } from './index-template.ts';
import { compareProperties, type Properties, propertiesOf } from './mapping.ts';
import type { Week, WeekIndices } from './week-indices.ts';

export interface WeeksSetup {
  readonly client: Client;
  readonly indices: WeekIndices;
  readonly shape: IndexShape;
  readonly timeoutMs: number;
}

/** An index by the name that the server has for it, which may be an alias' target. */
export interface LiveWeek extends Week {
  readonly index: string;
}

/** What became of one index when the fields were applied. */
export interface AppliedWeek {
  readonly index: string;
  /** Fields that it had not, or not of this type. */
  readonly added: readonly string[];
  /** Fields that it has with another mapping, which cannot be changed; crashes of that week are kept without them. */
  readonly conflicts: readonly string[];
}

const isThereAlready = (error: unknown): boolean =>
  answerOf(error)?.error?.type === 'resource_already_exists_exception';

export const isMissingIndex = (error: ServerError | undefined): boolean =>
  error?.type === 'index_not_found_exception';

export class Weeks {
  readonly #setup: WeeksSetup;
  /** Indices that were seen by this process. */
  readonly #known = new Set<string>();

  constructor(setup: WeeksSetup) {
    this.#setup = setup;
  }

  /**
   * Makes the index when it is not there. Not left to the server: where somebody has removed the template, it would map
   * whatever comes; and clusters are run with `action.auto_create_index: false`. One that is there is brought up to date,
   * once in the life of a process.
   */
  async ensure(index: string, fields: Fields, options: CallOptions = {}): Promise<void> {
    if (this.#known.has(index)) return;
    const { client, shape } = this.#setup;
    const request = this.#request(options);
    if (await client.indices.exists({ index }, request)) await this.applyTo(index, fields, options);
    else {
      try {
        await client.indices.create({ index, ...indexBody(shape, fields.values()) }, request);
      } catch (error) {
        if (!isThereAlready(error)) throw error;
      }
    }
    this.#known.add(index);
  }

  /** It was dropped by somebody. */
  forget(index: string): void {
    this.#known.delete(index);
  }

  /** Every index of ours, oldest first. */
  async live(options: CallOptions = {}): Promise<readonly LiveWeek[]> {
    const { client, indices } = this.#setup;
    const found = await client.indices.getAlias(this.#ours(), this.#request(options));
    const weeks = Object.entries(found).flatMap(([index, { aliases }]) => {
      // An index that was made anew under another name has the old one as an alias.
      const week = [index, ...Object.keys(aliases)].map((name) => indices.weekOf(name)).find((w) => w);
      return week ? [{ index, ...week }] : [];
    });
    return weeks.sort((a, b) => (a.first < b.first ? -1 : 1));
  }

  /** Gives every index the properties of these fields that it has not. */
  async apply(fields: Fields, options: CallOptions = {}): Promise<readonly AppliedWeek[]> {
    const { client } = this.#setup;
    const weeks = await this.live(options);
    if (weeks.length === 0) return [];
    const found = await client.indices.getMapping(this.#ours(), this.#request(options));
    const applied: AppliedWeek[] = [];
    for (const { index } of weeks) {
      const mappings = found[index]?.mappings;
      if (mappings) applied.push(await this.#update(index, mappings, fields, options));
    }
    return applied;
  }

  /** The same for one index. What its mapping does not allow is left as it is: crashes do without those fields. */
  async applyTo(index: string, fields: Fields, options: CallOptions = {}): Promise<void> {
    try {
      const found = await this.#setup.client.indices.getMapping({ index }, this.#request(options));
      for (const [name, { mappings }] of Object.entries(found))
        await this.#update(name, mappings, fields, options);
    } catch (error) {
      const answer = answerOf(error);
      if (answer?.status !== 400 && !isMissingIndex(answer?.error)) throw error;
    }
  }

  /** Resolves with the names of those that were dropped. Indices that somebody else has dropped meanwhile are none of them. */
  async drop(weeks: readonly LiveWeek[], options: CallOptions = {}): Promise<readonly string[]> {
    const dropped: string[] = [];
    for (const { index } of weeks) {
      const answer = await this.#setup.client.indices
        .delete({ index }, this.#request(options))
        .catch((error: unknown) => {
          if (isMissingIndex(answerOf(error)?.error)) return undefined;
          throw error;
        });
      this.forget(index);
      if (answer) dropped.push(index);
    }
    return dropped;
  }

  async #update(
    index: string,
    mappings: estypes.MappingTypeMapping,
    fields: Fields,
    options: CallOptions,
  ): Promise<AppliedWeek> {
    const live = (mappings.properties ?? {}) as unknown as Properties;
    const { missing, conflicts } = compareProperties(live, propertiesOf(fields.values()));
    const added = Object.keys(missing);
    if (added.length > 0 || mappings.dynamic !== 'strict') {
      const properties = missing as unknown as Record<string, estypes.MappingProperty>;
      await this.#setup.client.indices.putMapping(
        { index, dynamic: 'strict', properties },
        this.#request(options),
      );
    }
    return { index, added, conflicts };
  }

  #ours() {
    const { pattern } = this.#setup.indices;
    return {
      index: pattern,
      allow_no_indices: true,
      ignore_unavailable: true,
      // An old week may have been closed to save memory; it is dropped in its time all the same.
      expand_wildcards: ['open' as const, 'closed' as const],
    };
  }

  #request({ signal }: CallOptions) {
    return { requestTimeout: this.#setup.timeoutMs, ...(signal && { signal }) };
  }
}
