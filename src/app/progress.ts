/** How far a transfer is: a bar on a terminal, a line for each day in a log. */
import { SingleBar } from 'cli-progress';
import type { Progress } from '../storage/transfer/period-run.ts';
import type { Tally } from '../storage/transfer/receipt.ts';
import { byteText } from './byte-text.ts';

export interface ProgressView {
  crash(progress: Progress): void;
  day(day: string, tally: Tally): void;
  /** A line that stays, above the bar. */
  line(text: string): void;
  /** Takes the bar away. May be called twice. */
  end(): void;
}

const FORMAT =
  '{day} [{bar}] {value}/{total} crashes, {rate}/s, {bytes}, {differences}, {eta_formatted} left';
const CLEAR_LINE = '\r\u001b[K';

class Bar implements ProgressView {
  readonly #stream: NodeJS.WriteStream;
  readonly #startedAt = performance.now();
  #bar: SingleBar | undefined;
  #day = '';
  #listed = 0;
  #crashes = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  crash({ day, listed, done, tally }: Progress): void {
    if (day !== this.#day || listed !== this.#listed) {
      this.end();
      [this.#day, this.#listed] = [day, listed];
      this.#bar = new SingleBar({
        format: FORMAT,
        stream: this.#stream,
        hideCursor: true,
        clearOnComplete: true,
      });
      this.#bar.start(listed, 0, this.#payload(tally));
    }
    this.#crashes += 1;
    this.#bar?.update(done, this.#payload(tally));
  }

  day(day: string, tally: Tally): void {
    this.end();
    if (this.#day === day) this.line(dayLine(day, tally));
  }

  line(text: string): void {
    this.#stream.write(`${CLEAR_LINE}${text}\n`);
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #payload({ counts }: Tally): Readonly<Record<string, string>> {
    const seconds = Math.max((performance.now() - this.#startedAt) / 1000, 0.001);
    return {
      day: this.#day,
      rate: (this.#crashes / seconds).toFixed(1),
      bytes: byteText(counts.bytes),
      differences: counts.differences === 1 ? '1 difference' : `${counts.differences} differences`,
    };
  }
}

/** A day can take hours. */
const LINE_EVERY_MS = 30_000;

class Lines implements ProgressView {
  readonly #stream: NodeJS.WritableStream;
  #crashes = 0;
  #saidAt = performance.now();

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  crash({ day, done, listed, tally }: Progress): void {
    this.#crashes += 1;
    if (performance.now() - this.#saidAt < LINE_EVERY_MS) return;
    this.#saidAt = performance.now();
    this.line(`${day}: ${done} of ${listed} crashes, ${byteText(tally.counts.bytes)} so far`);
  }

  day(day: string, tally: Tally): void {
    if (this.#crashes > 0) this.line(dayLine(day, tally));
    this.#crashes = 0;
  }

  line(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  end(): void {}
}

const dayLine = (day: string, { counts }: Tally): string =>
  `${day} done; so far ${counts.crashes} crashes, ${byteText(counts.bytes)}, ${counts.differences} differences`;

/** On stderr, so that what the command prints can be piped. */
export const progressView = (stream: NodeJS.WriteStream = process.stderr): ProgressView =>
  stream.isTTY ? new Bar(stream) : new Lines(stream);
