/** Annotations by name, and the names under which clients send product, version and channel. */

export type Annotations = ReadonlyMap<string, string>;

/** Socorro's names first. Electron sends its own name as `prod` and the application's as `_productName`. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  product: ['ProductName', '_productName', 'prod', 'product'],
  version: ['Version', '_version', 'ver', 'version'],
  channel: ['ReleaseChannel', 'channel'],
};

/** A field of a rule: one of the words `product`, `version`, `channel`, or an annotation's exact name. */
export function fieldValue(annotations: Annotations, field: string): string | undefined {
  const names = Object.hasOwn(ALIASES, field) ? ALIASES[field] : undefined;
  if (!names) return annotations.get(field);
  for (const name of names) {
    const value = annotations.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}
