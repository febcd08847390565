/** Which language names a frame: the frame says, or its file does, or its name, or the report. */
import dotnet from './dotnet.ts';
import go from './go.ts';
import javascript from './javascript.ts';
import kernel from './kernel.ts';
import type { Language } from './language.ts';
import objectiveC from './objective-c.ts';
import python from './python.ts';
import ruby from './ruby.ts';
import swift from './swift.ts';

export const LANGUAGES: readonly Language[] = [
  go,
  swift,
  objectiveC,
  dotnet,
  python,
  ruby,
  javascript,
  kernel,
];

const BY_NAME: ReadonlyMap<string, Language> = new Map(
  LANGUAGES.map((language) => [language.name, language]),
);
/** What ABRT, Apport and others call the same. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  csharp: 'dotnet',
  'c#': 'dotnet',
  electron: 'javascript',
  golang: 'go',
  js: 'javascript',
  kerneloops: 'kernel',
  node: 'javascript',
  nodejs: 'javascript',
  objc: 'objective-c',
  python3: 'python',
};
const BY_EXTENSION: ReadonlyMap<string, Language> = new Map(
  LANGUAGES.flatMap((language) => language.extensions.map((extension) => [extension, language] as const)),
);
/** Files whose functions are C's, C++'s or Rust's, in a report of another language too. */
const NATIVE: ReadonlySet<string> = new Set([
  'c',
  'cc',
  'cpp',
  'cxx',
  'c++',
  'h',
  'hh',
  'hpp',
  'hxx',
  'inl',
  'rs',
  'asm',
  's',
  'm',
  'mm',
]);
const CLAIMING = LANGUAGES.filter((language) => language.claims);

export function languageByName(name: unknown): Language | undefined {
  if (typeof name !== 'string') return undefined;
  const lower = name.toLowerCase();
  return BY_NAME.get(OTHER_NAMES[lower] ?? lower);
}

const [C, H, J, R, S, T] = [...'chjrst'].map((letter) => letter.charCodeAt(0));

/** `.c…`, `.h…` and `.rs`, but not `.cs`, `.cjs`, `.cts` and `.html`: asked for every frame, so that nothing is cut out for it. */
function isPlainlyNative(file: string, dot: number): boolean {
  const first = file.charCodeAt(dot + 1);
  const second = file.charCodeAt(dot + 2);
  if (first === C) return second !== S && second !== J && second !== T;
  return (first === H && second !== T) || (first === R && second === S);
}

/** `hg:host/repo:a/b.py:755067c14b06` has its extension before the revision. */
function extensionAt(file: string, dot: number): string {
  const extension = file.slice(dot + 1);
  const colon = extension.indexOf(':');
  return colon < 0 ? extension : extension.slice(0, colon);
}

/** The frame's own word, else its file's, else the report's; undefined leaves it to C++, Rust and what the name says. */
export function languageOfFrame(
  own: unknown,
  file: unknown,
  report: Language | undefined,
): Language | undefined {
  if (own !== undefined && own !== null) return languageByName(own);
  if (typeof file !== 'string' || file === '') return report;
  const dot = file.lastIndexOf('.');
  if (dot < 0) return report;
  if (isPlainlyNative(file, dot)) return undefined;
  const extension = extensionAt(file, dot);
  return BY_EXTENSION.get(extension) ?? (NATIVE.has(extension.toLowerCase()) ? undefined : report);
}

/** The language that such a name can only be of. */
export const languageOfName = (name: string): Language | undefined =>
  CLAIMING.find((language) => language.claims?.(name));
