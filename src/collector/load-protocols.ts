/** Finds wire protocols by the names of their folders. */
import { readdir } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nearest, SettingsError } from '../lib/settings.ts';
import type { Protocol } from './protocol.ts';

const FOLDER = new URL('./protocols/', import.meta.url);
/** The collector runs as it stands (`.ts`) or built (`.js`). */
const INDEX = `index${extname(fileURLToPath(import.meta.url))}`;

/** Rejects with `SettingsError` for a name that is no protocol. */
export async function loadProtocols(names: readonly string[]): Promise<Protocol[]> {
  const known = (await readdir(FOLDER, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return Promise.all(names.map((name) => loadProtocol(name, known)));
}

async function loadProtocol(name: string, known: readonly string[]): Promise<Protocol> {
  if (!known.includes(name)) {
    const near = nearest(name, known);
    const hint = near ? `; did you mean ${near}?` : `; there are ${known.join(', ')}`;
    throw new SettingsError(`COLLECTOR_PROTOCOLS: ${name} is not a protocol${hint}`);
  }
  const loaded = (await import(new URL(`${name}/${INDEX}`, FOLDER).href)) as { default?: Protocol };
  if (loaded.default?.name !== name) {
    throw new SettingsError(`protocols/${name}/${INDEX} has no default export named ${name}`);
  }
  return loaded.default;
}
