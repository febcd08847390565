/** `signature` as its users run it, on a data folder of the test's own, and crashes to try it on. */
import type { CrashId } from '../../src/model/crash-id.ts';
import type { ProcessedCrash } from '../../src/model/processed-crash.ts';
import { runAuxilio, temporaryFolder } from '../build/running-auxilio.ts';

export const SAME = '0bba929f-8721-460c-8e70-a43c90261121' as CrashId;
export const OTHER = '1bba929f-8721-460c-8e70-a43c90261121' as CrashId;

export const frames = [
  { frame: 0, function: 'raise' },
  { frame: 1, function: 'app::run(int)' },
  { frame: 2, function: 'main' },
];
const walk: ProcessedCrash['json_dump'] = {
  status: 'OK',
  crash_info: { crashing_thread: 0 },
  system_info: { os: 'Linux' },
  threads: [{ frames }],
};
/** Its frames sign as `app::run`. */
export const crash = (id: CrashId, signature: string, more: object = {}): ProcessedCrash => ({
  id,
  uuid: id,
  signature,
  json_dump: walk,
  ...more,
});

export interface SignatureSite {
  /** The data folder. */
  readonly path: string;
  run(
    args: readonly string[],
    stdin?: string,
    env?: Readonly<Record<string, string>>,
  ): ReturnType<typeof runAuxilio>;
  remove(): Promise<void>;
}

export async function signatureSite(): Promise<SignatureSite> {
  const { path, remove } = await temporaryFolder('auxilio-signature-');
  return {
    path,
    remove,
    run: (args, stdin, env = {}) => runAuxilio(['signature', ...args], { dataDir: path, env }, stdin),
  };
}
