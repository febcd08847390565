/** A server under measurement lives in a child process; this is what the two say to each other. */
import { type ChildProcess, fork } from 'node:child_process';

export interface Served {
  readonly port: number;
  /** Resolves when everything accepted is where it belongs. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface Memory {
  /** Bytes now, and the most since the last question. */
  readonly rss: number;
  readonly peak: number;
  /** CPU time of the process so far, all threads, seconds. */
  readonly cpu: number;
}

type Question = 'settled' | 'memory' | 'close';

const SAMPLE_MS = 20;

/** In the child: tells the port, answers questions, exits when asked or when the parent goes away. */
export function answerParent(served: Served): void {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, SAMPLE_MS);
  const answer = async (question: Question): Promise<void> => {
    if (question === 'settled') {
      await served.settled();
      process.send?.('settled');
    } else if (question === 'memory') {
      const rss = process.memoryUsage.rss();
      const { user, system } = process.cpuUsage();
      process.send?.({ rss, peak: Math.max(peak, rss), cpu: (user + system) / 1e6 });
      peak = 0;
    } else {
      clearInterval(timer);
      await served.close();
      process.disconnect();
    }
  };
  process.on('message', (question: Question) => {
    answer(question).catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  });
  process.send?.({ port: served.port });
}

/** In the parent: one child. Close it. */
export class ServedProcess {
  readonly #child: ChildProcess;
  readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(
    file: string,
    args: readonly string[],
    execArgv: readonly string[] = [],
  ): Promise<ServedProcess> {
    const child = fork(file, [...args], { execArgv: [...execArgv] });
    const { port } = (await nextMessage(child)) as { port: number };
    return new ServedProcess(child, port);
  }

  async settled(): Promise<void> {
    this.#child.send('settled');
    await nextMessage(this.#child);
  }

  async memory(): Promise<Memory> {
    this.#child.send('memory');
    return (await nextMessage(this.#child)) as Memory;
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.send('close');
    await gone;
  }
}

const nextMessage = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`the server exited with ${code}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
