/** How far a scan is: a bar on a terminal, else a line now and then. */
import { SingleBar } from 'cli-progress';

export interface ScanProgress {
  /** So many crashes so far. */
  at(done: number, changed: number): void;
  /** Takes the bar away. May be called twice. */
  end(): void;
}

const FORMAT = '[{bar}] {value}/{total} crashes, {rate}/s, {changed} change, {eta_formatted} left';
/** Drawing costs more than a crash. */
const EVERY = 250;
const LINE_EVERY_MS = 30_000;

function bar(stream: NodeJS.WriteStream, total: number): ScanProgress {
  const drawn = new SingleBar({ format: FORMAT, stream, hideCursor: true, clearOnComplete: true });
  const startedAt = performance.now();
  const payload = (done: number, changed: number) => ({
    rate: Math.round((done * 1000) / Math.max(performance.now() - startedAt, 1)),
    changed,
  });
  return {
    at(done, changed) {
      if (done % EVERY !== 0) return;
      if (!drawn.isActive) drawn.start(total, 0, payload(0, 0));
      if (done > drawn.getTotal()) drawn.setTotal(done);
      drawn.update(done, payload(done, changed));
    },
    end: () => drawn.stop(),
  };
}

function lines(stream: NodeJS.WriteStream, total: number): ScanProgress {
  let saidAt = performance.now();
  return {
    at(done, changed) {
      if (done % EVERY !== 0 || performance.now() - saidAt < LINE_EVERY_MS) return;
      saidAt = performance.now();
      stream.write(`${done}${total > 0 ? ` of ${total}` : ''} crashes, ${changed} change\n`);
    },
    end: () => undefined,
  };
}

/** On stderr, so that what the command prints can be piped. `total` is 0 when nobody knows. */
export const scanProgress = (total: number, stream: NodeJS.WriteStream = process.stderr): ScanProgress =>
  (stream.isTTY ? bar : lines)(stream, total);
