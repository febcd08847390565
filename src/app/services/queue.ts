import type { CrashQueue } from '../../queue/contract.ts';
import type { Opening } from '../app.ts';

export async function open({ configuration, log, onClose }: Opening): Promise<CrashQueue> {
  const { backend, options, label } = configuration.queue;
  const longestTaskMs = configuration.settings.processor.task_timeout;
  const context = { dataDir: configuration.dataDir, log, longestTaskMs };
  const queue = await backend.open(options, context, label);
  onClose('queue', () => queue.close());
  return queue;
}
