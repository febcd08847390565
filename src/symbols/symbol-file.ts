/** How symbol files are named: `NAME/DEBUGID/NAME.sym`, the layout of Breakpad's tools and of Tecken. */

export interface SymbolKey {
  /** Last part of the debug file's path, as the dump has it. */
  readonly debugFile: string;
  /** 33 or more hex digits, upper case. */
  readonly debugId: string;
  /** `xul.sym` for `xul.pdb`, otherwise the debug file's name and `.sym`. */
  readonly file: string;
}

const DEBUG_ID = /^[0-9A-F]{9,40}$/;
/** Names come out of dumps, so anybody may send any: no separator, no `.` or `..`, nothing unprintable, no colon. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const BAD_NAME = /[/\\:\u0000-\u001f\u007f]|^\.{1,2}$|^~/;
/** A file system's limit is 255 bytes; `.sym` and a temporary suffix come on top. */
const MAX_NAME_BYTES = 200;

/** Undefined when a module has no id, or a name that no file may have. */
export function symbolKey(debugFile: string | null, debugId: string | null): SymbolKey | undefined {
  if (debugFile === null || debugId === null) return undefined;
  const id = debugId.toUpperCase();
  if (debugFile === '' || BAD_NAME.test(debugFile) || Buffer.byteLength(debugFile) > MAX_NAME_BYTES)
    return undefined;
  if (!DEBUG_ID.test(id) || /^0+$/.test(id)) return undefined;
  const stem = debugFile.replace(/\.pdb$/i, '');
  return { debugFile, debugId: id, file: `${stem}.sym` };
}

/** With `/`, for stores and folders. */
export const symbolPath = (key: SymbolKey): string => `${key.debugFile}/${key.debugId}/${key.file}`;

/** For a URL. */
export const symbolUrlPath = (key: SymbolKey): string =>
  [key.debugFile, key.debugId, key.file].map(encodeURIComponent).join('/');

/** The first line of a symbol file: `MODULE os cpu DEBUGID name`. Undefined when it is something else. */
export function moduleLine(head: string): { readonly debugId: string; readonly name: string } | undefined {
  const match = /^MODULE [^ ]+ [^ ]+ ([0-9A-Fa-f]+) ([^\r\n]+)/.exec(head);
  return match ? { debugId: (match[1] as string).toUpperCase(), name: match[2] as string } : undefined;
}
