/** How much a piece of work makes this process grow. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const SAMPLE_MS = 50;
/**
 * A collection takes half a second where thousands of tests have left a large heap (seen: CI, where collections
 * every 50 ms made 256 MB take five minutes): half of the time is the work's.
 */
const PAUSE_PER_LOOK = 1;

/** Garbage is not growth: chunks of files lie outside V8's heap, which lets 64 MB of them gather before it looks. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** Resolves with the growth of resident memory, in bytes, at its largest while `work` ran. */
export async function growthDuring(work: () => Promise<void>): Promise<number> {
  const gc = collector();
  const rss = (): number => {
    gc();
    return process.memoryUsage.rss();
  };
  const before = rss();
  let most = before;
  let timer: NodeJS.Timeout;
  const look = (): void => {
    const started = performance.now();
    most = Math.max(most, rss());
    timer = setTimeout(look, Math.max(SAMPLE_MS, PAUSE_PER_LOOK * (performance.now() - started)));
  };
  timer = setTimeout(look, SAMPLE_MS);
  try {
    await work();
  } finally {
    clearTimeout(timer);
  }
  return Math.max(most, rss()) - before;
}
