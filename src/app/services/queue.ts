import type { CrashQueue } from '../../queue/contract.ts';
import type { Opening } from '../app.ts';

export async function open({ configuration, log, onClose }: Opening): Promise<CrashQueue> {
  const { backend, options, label } = configuration.queue;
  const queue = await backend.open(options, { dataDir: configuration.dataDir, log }, label);
  onClose('queue', () => queue.close());
  return queue;
}
