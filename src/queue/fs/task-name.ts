/**
 * A task is an empty file and its name is the task. An empty file cannot be torn, needs no sync of its own and no
 * temporary name: publishing is one file made and one folder synced, which all who publish at that moment share.
 *
 * `<ms since 1970>.<serial>_<lane letter>_<attempts used>[d]_<crash id>[_<rule set>]`; names sort by time. `d`: a process died
 * with it in hand.
 */
import { type CrashId, isCrashId } from '../../model/crash-id.ts';
import { type CrashTask, LANES, type Lane } from '../contract.ts';
import type { Past } from '../death.ts';

export interface TaskName extends Past {
  /** When it was published or will be due; for the dead, when it died. */
  readonly time: number;
  /** Tells tasks of one millisecond apart and keeps their order. */
  readonly serial: string;
  readonly lane: Lane;
  /** Null: what was found was no task. */
  readonly task: CrashTask | null;
}

const UNREADABLE = 'unreadable';
const LETTERS: Readonly<Record<Lane, string>> = { priority: 'p', standard: 's', reprocessing: 'r' };
const SHAPE = /^(\d{13,15})\.([0-9a-z]{4,24})_([psr])_(\d{1,6})(d?)_([^_]+)(?:_([\x21-\x7e]+))?$/;

const laneOf = (letter: string): Lane | undefined => LANES.find((lane) => LETTERS[lane] === letter);

export function formatName(name: TaskName): string {
  const time = String(Math.max(0, Math.floor(name.time))).padStart(13, '0');
  const head = `${time}.${name.serial}_${LETTERS[name.lane]}_${name.used}${name.isSuspect ? 'd' : ''}`;
  if (!name.task) return `${head}_${UNREADABLE}`;
  const { crashId, ruleset } = name.task;
  return ruleset === undefined ? `${head}_${crashId}` : `${head}_${crashId}_${encodeURIComponent(ruleset)}`;
}

function decodeRuleset(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** Undefined when the text is no task's name. */
export function parseName(text: string): TaskName | undefined {
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const [, time, serial, letter, used, died, id, encoded] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string | undefined,
  ];
  const lane = laneOf(letter);
  if (!lane) return undefined;
  const head = { time: Number(time), serial, lane, used: Number(used), isSuspect: died !== '' };
  if (id === UNREADABLE && encoded === undefined) return { ...head, task: null };
  const ruleset = encoded === undefined ? undefined : decodeRuleset(encoded);
  if (!isCrashId(id) || (encoded !== undefined && ruleset === undefined)) return undefined;
  return { ...head, task: ruleset === undefined ? { crashId: id } : { crashId: id, ruleset } };
}

export const isOf = (file: string, id: CrashId): boolean => file.includes(`_${id}`);
