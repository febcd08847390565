/** Crashpad's own stream (minidump/minidump_extensions.h of Crashpad): ids and annotations, of the process and of each module. */
import { BrokenDump, type DumpFile, type Location, type View } from './bytes.ts';
import type { CrashpadData, CrashpadModule } from './data.ts';

const MAX_ENTRIES = 4096;
/** Of all lists together; Chromium has 70. */
const MAX_TOTAL_ENTRIES = 20_000;
const MAX_BROKEN = 16;
/** Crashpad's annotation of type string; others are the application's own and kept as hex. */
const TYPE_STRING = 1;

type Problem = (text: string) => void;

const location = (view: View, at: number): Location => ({ size: view.u32(at), rva: view.u32(at + 4) });

/**
 * What reading the annotations of one dump may cost. Lists may point at each other, so that a few kilobytes describe
 * millions of entries; a list in which nothing is whole is not worth reading to its end.
 */
class Budget {
  #entries = MAX_TOTAL_ENTRIES;
  readonly problem: Problem;

  constructor(problem: Problem) {
    this.problem = problem;
  }

  take(): void {
    this.#entries -= 1;
    if (this.#entries < 0) throw new BrokenDump('more annotations than a dump may have');
  }
}

/** A list of `entryBytes` each behind a 32-bit count; broken entries are told and skipped. */
function eachEntry(
  file: DumpFile,
  at: Location,
  entryBytes: number,
  what: string,
  budget: Budget,
  take: (entry: View) => void,
): void {
  if (at.size === 0 || at.rva === 0) return;
  const declared = file.view(at.rva, 4, what).u32(0);
  const fitting = Math.floor((file.size - at.rva - 4) / entryBytes);
  const count = Math.min(declared, fitting, MAX_ENTRIES);
  if (count < declared) budget.problem(`${what} has ${declared} entries; ${count} are read`);
  let broken = 0;
  for (let i = 0; i < count && broken < MAX_BROKEN; i += 1) {
    try {
      budget.take();
      take(file.view(at.rva + 4 + i * entryBytes, entryBytes, what));
    } catch (error) {
      if (!(error instanceof BrokenDump)) throw error;
      budget.problem(error.message);
      broken += 1;
    }
  }
}

function dictionary(file: DumpFile, at: Location, what: string, budget: Budget): Record<string, string> {
  const entries: [string, string][] = [];
  eachEntry(file, at, 8, what, budget, (entry) => {
    entries.push([file.utf8(entry.u32(0), what), file.utf8(entry.u32(4), what)]);
  });
  return Object.fromEntries(entries);
}

function readObjects(file: DumpFile, at: Location, budget: Budget): CrashpadModule['objects'] {
  const objects: CrashpadModule['objects'][number][] = [];
  eachEntry(file, at, 12, 'annotation objects', budget, (entry) => {
    const type = entry.u16(4);
    const valueAt = entry.u32(8);
    const name = file.utf8(entry.u32(0), 'annotation name');
    const value =
      type === TYPE_STRING
        ? file.utf8(valueAt, 'annotation value')
        : Buffer.from(file.utf8(valueAt, 'annotation value'), 'utf8').toString('hex');
    objects.push({ name, type, value });
  });
  return objects;
}

function readModuleInfo(file: DumpFile, link: View, budget: Budget): CrashpadModule {
  const at = location(link, 4);
  const info = file.view(at.rva, 28, 'module annotations');
  const list: string[] = [];
  eachEntry(file, location(info, 4), 4, 'list annotations', budget, (entry) => {
    list.push(file.utf8(entry.u32(0), 'list annotation'));
  });
  return {
    index: link.u32(0),
    list,
    simple: dictionary(file, location(info, 12), 'simple annotations of a module', budget),
    objects: readObjects(file, location(info, 20), budget),
  };
}

/** `8-4-4-4-12`, lower case: how Crashpad writes its ids everywhere else. */
function uuid(view: View, at: number): string {
  const part = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  const tail = view.sub(at + 8, 8).bytes.toString('hex');
  return `${part(view.u32(at), 8)}-${part(view.u16(at + 4), 4)}-${part(view.u16(at + 6), 4)}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

export function readCrashpad(file: DumpFile, at: Location, problem: Problem): CrashpadData {
  const view = file.view(at.rva, 52, 'Crashpad info');
  const budget = new Budget(problem);
  // The process' own annotations first: they are the last to be given up.
  const simple = dictionary(file, location(view, 36), 'simple annotations', budget);
  const modules: CrashpadModule[] = [];
  eachEntry(file, location(view, 44), 12, 'annotated modules', budget, (link) => {
    modules.push(readModuleInfo(file, link, budget));
  });
  return {
    reportId: uuid(view, 4),
    clientId: uuid(view, 20),
    simple,
    modules,
  };
}
