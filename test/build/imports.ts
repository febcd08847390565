/** The imports of the source tree, and the rules of DESIGN's table of rooms, as functions that a test can also feed lies. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** An import from one file to another, both relative to `src`, `/` between. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
}

export const LAYERS: Readonly<Record<string, number>> = {
  model: 0,
  lib: 1,
  signature: 2,
  search: 2,
  storage: 2,
  queue: 2,
  database: 2,
  notify: 2,
  spool: 3,
  symbols: 3,
  collector: 4,
  processor: 4,
  retrace: 4,
  hooks: 4,
  crontabber: 4,
  web: 4,
  app: 5,
};

/** What a room of layer 2 may know of another: contracts, never backends. */
const SIDEWAYS: Readonly<Record<string, readonly string[]>> = { storage: ['search', 'database'] };
/** Folders of a backend room that hold no backend. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  storage: ['layers', 'conformance', 'containers', 'children', 'transfer', 's3-client', 'sql-search'],
  queue: ['conformance'],
};
const BACKEND_ROOMS = ['storage', 'queue', 'notify'];
const IMPORT =
  /^\s*(?:import|export)\b[^'"]*?from\s*['"](\.[^'"]+)['"]|^\s*import\s*['"](\.[^'"]+)['"]|\bimport\(\s*['"](\.[^'"]+)['"]\s*\)/gm;

export function sourceFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

export function importsOf(file: string, text: string): Arrow[] {
  const found: Arrow[] = [];
  for (const match of text.matchAll(IMPORT)) {
    const target = match[1] ?? match[2] ?? match[3] ?? '';
    found.push({ from: file, to: join(dirname(file), target).split(sep).join('/') });
  }
  return found;
}

export const allImports = (root: string): Arrow[] =>
  sourceFiles(root).flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')));

const roomOf = (file: string): string => file.split('/')[0] ?? '';

/** The backend, container or nothing that a file belongs to, e.g. `storage/fs`, `storage/containers/poly`. */
export function backendOf(file: string): string | undefined {
  const [room = '', folder = '', inner = '', deeper] = file.split('/');
  if (!BACKEND_ROOMS.includes(room) || inner === '') return undefined;
  if (folder === 'containers' && deeper !== undefined) return `${room}/${folder}/${inner}`;
  return SHARED[room]?.includes(folder) ? undefined : `${room}/${folder}`;
}

function complaint({ from, to }: Arrow): string | undefined {
  const [a, b] = [roomOf(from), roomOf(to)];
  const [la, lb] = [LAYERS[a], LAYERS[b]];
  if (la === undefined || lb === undefined)
    return `${from} -> ${to}: ${la === undefined ? a : b} is not a room`;
  const [backendA, backendB] = [backendOf(from), backendOf(to)];
  if (backendB && backendA !== backendB) {
    const isRegistry = from === `${b}/registry.ts` || (a === b && from.startsWith(`${a}/create-`));
    if (!isRegistry) return `${from} -> ${to}: only the registry knows a backend`;
  }
  if (a === b) return undefined;
  if (lb > la) return `${from} -> ${to}: a lower layer imports a higher one`;
  // A backend is one layer above its room, so it may use the rooms beside it.
  if (la === lb && !backendA && !SIDEWAYS[a]?.includes(b))
    return `${from} -> ${to}: rooms of one layer do not know each other`;
  return undefined;
}

/** Every arrow that the table forbids, as a line. */
export const forbidden = (arrows: readonly Arrow[]): string[] =>
  arrows.flatMap((arrow) => complaint(arrow) ?? []);

/** One path for each cycle among files that is found; type imports count, for readers go round in circles too. */
export function cycles(arrows: readonly Arrow[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of arrows) next.set(from, [...(next.get(from) ?? []), to]);
  const state = new Map<string, 'open' | 'done'>();
  const found: string[] = [];
  function visit(file: string, path: readonly string[]): void {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      found.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      return;
    }
    state.set(file, 'open');
    for (const target of next.get(file) ?? []) visit(target, [...path, file]);
    state.set(file, 'done');
  }
  for (const file of next.keys()) visit(file, []);
  return found;
}
