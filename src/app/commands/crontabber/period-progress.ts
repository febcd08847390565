/** How far a range of periods is: a bar on a terminal, a line for each period in a log. */
import { SingleBar } from 'cli-progress';
import type { Period } from '../../../crontabber/job.ts';
import { timeText } from './time-words.ts';

export interface PeriodProgress {
  /** Before the period that is number `done`, from 0, of `total`. */
  readonly period: (period: Period, done: number, total: number) => void;
  /** Takes the bar away. May be called twice. */
  end(): void;
}

/** On stderr, so that what the command prints can be piped. */
export function periodProgress(name: string, stream: NodeJS.WriteStream = process.stderr): PeriodProgress {
  let bar: SingleBar | undefined;
  const show = (period: Period, done: number, total: number): void => {
    const payload = { name, from: timeText(period.from) };
    if (!bar) {
      const format = '{name} [{bar}] {value}/{total} periods, at {from}, {eta_formatted} left';
      bar = new SingleBar({ format, stream, hideCursor: true, clearOnComplete: true });
      bar.start(total, done, payload);
    } else bar.update(done, payload);
  };
  const say = (period: Period, done: number, total: number): void =>
    void stream.write(`${name}: ${done} of ${total} periods done, now ${timeText(period.from)}\n`);
  return {
    period: stream.isTTY ? show : say,
    end() {
      bar?.stop();
      bar = undefined;
    },
  };
}
