/** The schema that documents are cut down to, from its file. */
import { readFile } from 'node:fs/promises';
import type { Log } from '../../lib/log.ts';
import { SettingsError } from '../../lib/settings.ts';
import { generatedSchema, refusedNames } from './document.ts';
import { isSchema, type JsonSchema, resolved } from './json-schema.ts';

/** Rejects with `SettingsError` for a file that is no schema of an object, or asks for what is not public. */
export async function readSchema(path: string, label: string, log: Log): Promise<JsonSchema> {
  if (path === '') return generatedSchema();
  const schema = await parse(path, label);
  if (Object.keys(resolved(schema, schema)?.properties ?? {}).length === 0)
    throw new SettingsError(`${label}: ${path} is no JSON Schema with properties`);
  const { hidden, unknown } = refusedNames(schema);
  if (hidden.length > 0)
    throw new SettingsError(
      `${label}: ${path} names fields that are not public and must not leave: ${hidden.join(', ')}`,
    );
  if (unknown.length > 0) log.warn({ unknown, path }, 'the schema names fields that no crash has');
  return schema;
}

async function parse(path: string, label: string): Promise<JsonSchema> {
  try {
    const json = JSON.parse(await readFile(path, 'utf8')) as unknown;
    if (isSchema(json)) return json;
  } catch (cause) {
    const code = cause instanceof SyntaxError ? 'no JSON' : (cause as NodeJS.ErrnoException).code;
    throw new SettingsError(`${label}: ${path} cannot be read (${code})`, { cause });
  }
  throw new SettingsError(`${label}: ${path} is no JSON object`);
}
