import { NodeDisk } from '../../../src/lib/disk.ts';

/** Fails as told, like a disk that is full for a while. */
export class FailingDisk extends NodeDisk {
  readonly failing = new Map<'open' | 'rename' | 'unlink', string>();

  #check(operation: 'open' | 'rename' | 'unlink'): void {
    const code = this.failing.get(operation);
    if (code) throw Object.assign(new Error(`${operation} failed`), { code });
  }

  override async open(...args: Parameters<NodeDisk['open']>): ReturnType<NodeDisk['open']> {
    this.#check('open');
    return super.open(...args);
  }

  override async rename(from: string, to: string): Promise<void> {
    this.#check('rename');
    return super.rename(from, to);
  }

  override async unlink(path: string): Promise<void> {
    this.#check('unlink');
    return super.unlink(path);
  }
}
