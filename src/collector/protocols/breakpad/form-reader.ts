/**
 * Turns the parts of a form into annotations and dumps (socorro.md §4.3 step 6). A cap that is hit drops the part
 * it was hit in and is remembered; what is malformed throws `MalformedError` with Socorro's reason.
 */
import type { Draft, DumpSink } from '../../../spool/contract.ts';
import { SpoolError } from '../../../spool/contract.ts';
import { MalformedError } from '../../malformed.ts';
import type { MemoryShare } from '../../memory-budget.ts';
import type { Truncation } from '../../truncation.ts';
import { AnnotationBag } from './annotation-bag.ts';
import { ByteGatherer } from './byte-gatherer.ts';
import type { MultipartEvents } from './multipart.ts';
import {
  charsetForNote,
  decodeText,
  dumpNameOf,
  nameForNote,
  parseJsonPart,
  typeForNote,
} from './part-content.ts';
import type { PartHead } from './part-head.ts';

export interface FormLimits {
  readonly maxParts: number;
  readonly maxDumps: number;
  /** Bytes. */
  readonly maxDump: number;
  readonly maxAnnotation: number;
  readonly maxAnnotations: number;
  readonly maxAnnotationsSize: number;
}

type Part =
  | { readonly kind: 'text'; readonly name: string; readonly charset: string; readonly content: ByteGatherer }
  | { readonly kind: 'json'; readonly content: ByteGatherer }
  | { readonly kind: 'dump'; readonly sink: DumpSink; size: number; small: ByteGatherer };

type DiskStep = { readonly sink: DumpSink; readonly bytes?: Buffer; readonly last?: 'finish' | 'drop' };

/** What a spool draft buffers while dumps come in. */
const DUMP_BUFFERS = 1024 ** 2;
/** Pieces of a dump below this are gathered: a body of one-byte chunks would be a disk step for each. */
const SMALL_BYTES = 4096;
const GATHERED_BYTES = 64 * 1024;

export class FormReader implements MultipartEvents {
  readonly annotations: AnnotationBag;
  readonly notes: string[] = [];
  readonly truncated = new Set<Truncation>();
  readonly #limits: FormLimits;
  readonly #draft: Draft;
  readonly #dumpsAllowed: boolean;
  readonly #memory: MemoryShare;
  #buffersTaken = false;
  #part: Part | undefined;
  #parts = 0;
  #steps: DiskStep[] = [];
  #working: Promise<void> | undefined;
  /** Names of dumps, and of the parts that they came in last. */
  readonly #dumps = new Map<string, string>();
  readonly #broken = new Set<DumpSink>();
  #hasJson = false;
  #hasText = false;

  constructor(
    draft: Draft,
    limits: FormLimits,
    memory: MemoryShare,
    /** False below the disk reserve. */
    dumpsAllowed: boolean,
  ) {
    this.#draft = draft;
    this.#limits = limits;
    this.#dumpsAllowed = dumpsAllowed;
    this.#memory = memory;
    this.annotations = new AnnotationBag(limits, memory, this.truncated, this.notes);
  }

  get payload(): 'json' | 'multipart' {
    return this.#hasJson ? 'json' : 'multipart';
  }

  part(head: PartHead): void {
    this.#part = undefined;
    this.#parts += 1;
    if (this.#parts > this.#limits.maxParts) this.truncated.add('parts');
    else if (head.name !== undefined) this.#begin(head, head.name);
  }

  #begin(head: PartHead, name: string): void {
    if (head.contentType.startsWith('application/json')) {
      this.#part = { kind: 'json', content: new ByteGatherer() };
    } else if (head.contentType.startsWith('text/plain') && head.filename === undefined) {
      this.#part = { kind: 'text', name, charset: head.charset ?? 'utf-8', content: new ByteGatherer() };
    } else this.#beginDump(head, name);
  }

  #beginDump(head: PartHead, partName: string): void {
    const name = dumpNameOf(partName);
    if (head.contentType !== 'application/octet-stream') {
      this.notes.push(`unknown content type: ${name} ${typeForNote(head.contentType)}`);
    }
    this.#buffersTaken ||= this.#memory.take(DUMP_BUFFERS);
    if (!this.#dumpsAllowed) this.truncated.add('disk_reserve');
    else if (!this.#buffersTaken) this.truncated.add('memory');
    else if (!this.#dumps.has(name) && this.#dumps.size >= this.#limits.maxDumps) this.truncated.add('dumps');
    else {
      this.#noteReplaced(name, partName);
      this.#dumps.set(name, partName);
      this.#part = { kind: 'dump', sink: this.#draft.addDump(name), size: 0, small: new ByteGatherer() };
    }
  }

  /** Socorro says nothing of it, and an attachment is missing that its sender gave another name. */
  #noteReplaced(name: string, partName: string): void {
    const earlier = this.#dumps.get(name);
    if (earlier === undefined || earlier === partName) return;
    this.notes.push(
      `two parts are ${name}, the later counts: ${nameForNote(earlier)} ${nameForNote(partName)}`,
    );
  }

  oversizedHeader(): void {
    this.#part = undefined;
    this.#parts += 1;
    this.truncated.add('part_header_size');
  }

  data(bytes: Buffer): void {
    const part = this.#part;
    if (!part) return;
    if (part.kind === 'dump') {
      part.size += bytes.length;
      if (part.size > this.#limits.maxDump) this.#dropPart('dump_size');
      else this.#dumpBytes(part, bytes);
      return;
    }
    const most = part.kind === 'json' ? this.#limits.maxAnnotationsSize : this.#limits.maxAnnotation;
    if (part.content.length + bytes.length > most)
      this.#dropPart(part.kind === 'json' ? 'annotations_size' : 'annotation_size');
    else if (!this.annotations.take(bytes.length)) this.#dropPart('memory');
    else part.content.add(bytes);
  }

  #dumpBytes(part: Extract<Part, { kind: 'dump' }>, bytes: Buffer): void {
    if (bytes.length < SMALL_BYTES) {
      part.small.add(bytes);
      if (part.small.length < GATHERED_BYTES) return;
    }
    this.#pushSmall(part);
    if (bytes.length >= SMALL_BYTES) this.#steps.push({ sink: part.sink, bytes });
  }

  #pushSmall(part: Extract<Part, { kind: 'dump' }>): void {
    if (part.small.length === 0) return;
    this.#steps.push({ sink: part.sink, bytes: part.small.bytes() });
    part.small = new ByteGatherer();
  }

  end(): void {
    const part = this.#part;
    this.#part = undefined;
    if (!part) return;
    if (part.kind === 'dump') {
      this.#pushSmall(part);
      this.#steps.push({ sink: part.sink, last: 'finish' });
    } else if (part.kind === 'json') this.#json(part.content.bytes());
    else this.#text(part.name, part.content.bytes(), part.charset);
  }

  #json(bytes: Buffer): void {
    this.#hasJson = true;
    this.annotations.replaceAll(parseJsonPart(bytes));
  }

  #text(name: string, bytes: Buffer, charset: string): void {
    this.#hasText = true;
    const text = decodeText(bytes, charset);
    if (text === undefined) {
      const description = `invalid text or charset: ${charsetForNote(charset)}`;
      this.notes.push(`extract payload text part exception: ${description}`);
    } else this.annotations.set(name, text, bytes.length);
  }

  #dropPart(reason: Truncation): void {
    this.truncated.add(reason);
    if (this.#part?.kind === 'dump') {
      this.#steps.push({ sink: this.#part.sink, last: 'drop' });
      this.#broken.add(this.#part.sink);
    }
    this.#part = undefined;
  }

  /** The disk work that the last chunk led to; undefined when there is none to wait for. Not called again before it resolved. */
  flush(): Promise<void> | undefined {
    const steps = this.#steps;
    if (steps.length === 0) return undefined;
    this.#steps = [];
    for (const [done, step] of steps.entries()) {
      const work = this.#disk(step);
      if (!work) continue;
      this.#working = this.#work(work, steps.slice(done + 1));
      return this.#working;
    }
    return undefined;
  }

  async #work(first: Promise<void>, steps: readonly DiskStep[]): Promise<void> {
    await first;
    for (const step of steps) await this.#disk(step);
  }

  /** Undefined when it is done already. */
  #disk({ sink, bytes, last }: DiskStep): Promise<void> | undefined {
    if (last === 'drop') return sink.drop();
    if (this.#broken.has(sink)) return undefined;
    const work = bytes ? sink.write(bytes) : sink.finish();
    return work && this.#unlessFull(sink, work);
  }

  async #unlessFull(sink: DumpSink, work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      // The disk filled up under the dump: the annotations may still fit.
      if (!(error instanceof SpoolError) || error.code !== 'full') throw error;
      this.truncated.add('disk_full');
      this.#broken.add(sink);
      await sink.drop();
    }
  }

  /** The body ended early because of a limit: the part in hand is dropped. */
  async cut(reason: Truncation): Promise<void> {
    this.#dropPart(reason);
    await this.#working;
    await this.flush();
  }

  /** The body is complete. Adds the notes that need the whole. */
  finish(): void {
    if (this.#hasJson && this.#hasText) {
      this.notes.push('includes annotations in both json-encoded extra and formdata parts');
    }
    if (this.annotations.size === 0) throw new MalformedError('no_annotations');
  }
}
