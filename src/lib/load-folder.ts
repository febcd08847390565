/** One file, one thing: rules, jobs, commands and protocols are the default exports of the files of a folder. */
import { readdir } from 'node:fs/promises';
import { basename, extname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A file whose default export is missing, or has another name than the file. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
}

const CODE = new Set(['.ts', '.js']);

async function loadDefault<T extends { readonly name: string }>(
  file: string,
  expectedName?: string,
): Promise<T> {
  let loaded: { readonly default?: T };
  try {
    loaded = (await import(pathToFileURL(file).href)) as { default?: T };
  } catch (cause) {
    throw new LoadError(
      `${file} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  const thing = loaded.default;
  if (typeof thing?.name !== 'string') throw new LoadError(`${file} has no default export with a name`);
  if (expectedName !== undefined && thing.name !== expectedName) {
    throw new LoadError(`${file} exports ${thing.name}; the export is named as the file`);
  }
  return thing;
}

/** Every definition in a folder, sorted by name; the declaration files of a build are not definitions. */
export async function loadFolder<T extends { readonly name: string }>(folder: string): Promise<T[]> {
  const files = (await readdir(folder)).filter((f) => CODE.has(extname(f)) && !f.endsWith('.d.ts')).sort();
  return Promise.all(files.map((file) => loadDefault<T>(join(folder, file), basename(file, extname(file)))));
}

/** A definition from outside: a path (relative to `base`) or the name of an installed package. */
export async function loadModule<T extends { readonly name: string }>(
  specifier: string,
  base: string,
): Promise<T> {
  const isPath = specifier.startsWith('.') || isAbsolute(specifier);
  if (isPath) return loadDefault<T>(resolve(base, specifier));
  const { createRequire } = await import('node:module');
  try {
    return await loadDefault<T>(createRequire(join(base, 'noop.js')).resolve(specifier));
  } catch (cause) {
    if (cause instanceof LoadError) throw cause;
    throw new LoadError(`${specifier} is neither a path nor an installed package`, { cause });
  }
}

/** Definitions from outside, each with a `run`; `label` is the setting that names them. Rejects with `LoadError`. */
export async function loadModules<T extends { readonly name: string; readonly run: unknown }>(
  specifiers: readonly string[],
  base: string,
  label: string,
): Promise<T[]> {
  return Promise.all(
    specifiers.map(async (specifier) => {
      const thing = await loadModule<T>(specifier, base).catch((cause: unknown) => {
        throw new LoadError(`${label}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
      });
      if (typeof thing.run === 'function') return thing;
      throw new LoadError(`${label}: the default export of ${specifier} has no run`);
    }),
  );
}
