/**
 * The index template: from it every new week's index gets its mapping, and in it the fields are kept as they were
 * applied, so that all processes see the same ones.
 */
import type { Client, estypes } from '@elastic/elasticsearch';
import type { CallOptions } from '../../model/report.ts';
import type { FieldDefinition } from '../../search/fields.ts';
import { refuseUnknown } from '../../search/known-fields.ts';
import { StorageError } from '../errors.ts';
import { withClusterLock } from './cluster-lock.ts';
import { answerOf, type Site } from './errors.ts';
import { checkFieldName, compareProperties, mappingOf, type Properties } from './mapping.ts';
import type { WeekIndices } from './week-indices.ts';

export interface IndexShape {
  readonly shards: number;
  readonly replicas: string;
}

export type Fields = ReadonlyMap<string, FieldDefinition>;

export interface TemplateSetup {
  readonly client: Client;
  readonly site: Site;
  readonly indices: WeekIndices;
  readonly shape: IndexShape;
  /** Of requests, ms. */
  readonly timeoutMs: number;
}

/** Above what Elastic's own products bring (100 to 200). */
const PRIORITY = 500;
/** A field is three or four properties; the server's default is 1,000. */
const MAX_PROPERTIES = 5000;

const byName = (fields: Iterable<FieldDefinition>): Fields =>
  new Map([...fields].map((field) => [field.name, field]));

const isSame = (a: FieldDefinition, b: FieldDefinition | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** Settings and mapping of an index. */
export function indexBody({ shards, replicas }: IndexShape, fields: Iterable<FieldDefinition>) {
  const copies = replicas.includes('-')
    ? { auto_expand_replicas: replicas }
    : { number_of_replicas: replicas };
  const settings = { number_of_shards: shards, ...copies, 'mapping.total_fields.limit': MAX_PROPERTIES };
  return {
    settings: { index: settings } as estypes.IndicesIndexSettings,
    mappings: mappingOf(fields) as unknown as estypes.MappingTypeMapping,
  };
}

export class IndexTemplate {
  readonly #setup: TemplateSetup;
  /** What this process was told of fields; goes before what others have written. */
  #own: Fields;
  #fields: Fields;

  constructor(setup: TemplateSetup, fields: Iterable<FieldDefinition>) {
    this.#setup = setup;
    this.#own = byName(fields);
    this.#fields = this.#own;
  }

  /** Of this process and, as they were when last read, of the others. */
  get fields(): Fields {
    return this.#fields;
  }

  /** Reads the template. Rejects with `invalid`, and what to run, when it is missing, old, or another one is in force. */
  async load(options: CallOptions = {}): Promise<void> {
    const { site, indices } = this.#setup;
    const remedy = `run: auxilio store init ${site.name}`;
    const stored = await this.#read(options);
    if (!stored)
      throw new StorageError(
        'invalid',
        site.name,
        `there is no index template ${indices.templateName}; ${remedy}`,
      );
    this.#fields = new Map([...stored, ...this.#own]);
    const old = [...this.#own.values()].filter(({ name, type }) => stored.get(name)?.type !== type);
    if (old.length > 0) {
      const names = old.map(({ name }) => name).join(', ');
      const text = `the index template ${indices.templateName} is old, it lacks ${names}; ${remedy}`;
      throw new StorageError('invalid', site.name, text);
    }
    await this.checkForce(options);
  }

  /** The definitions of these names; looked up again, because another process may have applied them. */
  async find(names: readonly string[], options: CallOptions = {}): Promise<Fields> {
    if (names.some((name) => !this.#fields.has(name))) {
      const stored = await this.#read(options);
      this.#fields = new Map([...(stored ?? []), ...this.#own]);
    }
    refuseUnknown(names, this.#fields);
    return this.#fields;
  }

  /** Adds fields to the template. Safe when several do so at once. False when they were there. */
  async apply(definitions: readonly FieldDefinition[], options: CallOptions = {}): Promise<boolean> {
    const { client, site, indices, timeoutMs } = this.#setup;
    for (const { name } of definitions) checkFieldName(site.name, name);
    const added = byName(definitions);
    const isIn = (stored: Fields | undefined): stored is Fields =>
      stored !== undefined && definitions.every((field) => isSame(field, stored.get(field.name)));
    let stored = await this.#read(options);
    const isNew = !isIn(stored);
    if (isNew) {
      const lock = { client, store: site.name, name: indices.lockName, timeoutMs };
      stored = await withClusterLock(lock, () => this.#add(added, isIn, options), options);
    }
    this.#own = new Map([...this.#own, ...added]);
    this.#fields = new Map([...(stored ?? []), ...this.#own]);
    return isNew;
  }

  /** What is in the template then. */
  async #add(
    added: Fields,
    isIn: (stored: Fields | undefined) => boolean,
    options: CallOptions,
  ): Promise<Fields> {
    const stored = await this.#read(options);
    const all = new Map([...(stored ?? []), ...added]);
    if (!isIn(stored)) await this.#write(all, options);
    return all;
  }

  /** Rejects with `invalid` when an index of ours would get the mapping of another template. */
  async checkForce(options: CallOptions = {}): Promise<void> {
    const { client, site, indices } = this.#setup;
    const name = indices.on('2000-06-15');
    const { template, overlapping } = await client.indices.simulateIndexTemplate(
      { name },
      this.#request(options),
    );
    // Its type says that there are mappings; a template without any has none.
    const mappings = template.mappings as estypes.MappingTypeMapping | undefined;
    const live = (mappings?.properties ?? {}) as unknown as Properties;
    const wanted = mappingOf(this.#own.values()).properties;
    const { missing, conflicts } = compareProperties(live, wanted);
    if (Object.keys(missing).length === 0 && conflicts.length === 0) return;
    const others = (overlapping ?? [])
      .map((other) => other.name)
      .filter((other) => other !== indices.templateName);
    const text = `indices like ${name} get their mapping from another index template than ${indices.templateName} (see ${
      others.join(', ') || 'those of a higher priority'
    }); change its patterns or priority, or ${site.label('index')}`;
    throw new StorageError('invalid', site.name, text);
  }

  async remove(options: CallOptions = {}): Promise<void> {
    const { client, indices } = this.#setup;
    await client.indices.deleteIndexTemplate(
      { name: indices.templateName },
      { ...this.#request(options), ignore: [404] },
    );
  }

  /** Undefined when there is none. */
  async #read(options: CallOptions): Promise<Fields | undefined> {
    const { client, site, indices } = this.#setup;
    const name = indices.templateName;
    const found = await client.indices
      .getIndexTemplate({ name }, this.#request(options))
      .catch((error: unknown) => {
        if (answerOf(error)?.status === 404) return undefined;
        throw error;
      });
    const template = found?.index_templates.find((t) => t.name === name)?.index_template;
    if (!template) return undefined;
    const fields: unknown = template._meta?.['auxilio_fields'];
    if (typeof fields === 'string') return byName(JSON.parse(fields) as readonly FieldDefinition[]);
    const text = `the index template ${name} is not Auxilio's; remove it, or choose another ${site.label('index')}`;
    throw new StorageError('invalid', site.name, text);
  }

  async #write(fields: Fields, options: CallOptions): Promise<void> {
    const { client, indices, shape } = this.#setup;
    await client.indices.putIndexTemplate(
      {
        name: indices.templateName,
        index_patterns: [indices.pattern],
        priority: PRIORITY,
        template: indexBody(shape, fields.values()),
        // As text: the server sorts the keys of objects.
        _meta: { auxilio_fields: JSON.stringify([...fields.values()]) },
      },
      this.#request(options),
    );
  }

  #request({ signal }: CallOptions) {
    return { requestTimeout: this.#setup.timeoutMs, ...(signal && { signal }) };
  }
}
