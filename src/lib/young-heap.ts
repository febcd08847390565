/** A setting of V8 for processes through which many large buffers pass. */
import { setFlagsFromString } from 'node:v8';

/**
 * Stops the young part of the heap from growing, so that the buffers of read bodies, which lie outside of the heap and hang
 * on small objects in it, are let go after a few megabytes. With room to grow (16 MiB by default) so many of them pile
 * up that V8 marks the whole heap ten times a second: a third of all processor time of a collector under load, and
 * 100 MiB (bench/collector.ts, Node 24.21). The flag is the one of its kind that V8 reads again while it runs.
 */
export const keepYoungHeapSmall = (): void => setFlagsFromString('--semi-space-growth-factor=1');
