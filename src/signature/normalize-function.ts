/** A function's name as the lists know it. The order of the steps is part of the result. */
import { strip } from './python-text.ts';
import { str } from './python-values.ts';
import { dropPrefixAndReturnType } from './return-type.ts';
import {
  collapseArguments,
  collapseRustTypes,
  collapseTypes,
  dropArguments,
  dropSquareBrackets,
} from './slices.ts';

/** A name that still wants its line number when the list asks for it. */
export interface CollapsedFunction {
  /** What the list of functions with line numbers is matched against. */
  readonly name: string;
  finish(name: string): string;
}

/** A plain suffix test, so a function that is literally named `const` becomes empty. */
const QUALIFIERS = ['const', 'const&', 'const &', '&&', '&'];

const fixSpaces = (name: string): string => name.replace(/ (?=[*&,])/g, '').replace(/,(?! )/g, ', ');

/** The last `::h…` of a Rust symbol is a hash of the build; `$` as in Python also stands before a last newline. */
const dropRustHash = (name: string): string => name.replace(/::h[0-9a-fA-F]+(?=\n?$)/, '');

/** Throws `PythonError` (IndexError) when nothing but qualifiers is there. */
export function collapseCppFunction(name: string): CollapsedFunction {
  let rest = name;
  for (const qualifier of QUALIFIERS) {
    if (rest.endsWith(qualifier)) rest = strip(rest.slice(0, -qualifier.length));
  }
  // `operator` syntax has spaces that are no boundaries: `Foo::operator unsigned int()`.
  if (!rest.includes('::operator')) rest = dropPrefixAndReturnType(rest);
  rest = rest.replaceAll("`anonymous namespace'", '(anonymous namespace)');
  rest = rest.replace(/::\$_\p{Nd}+::/gu, '::$$::');
  rest = collapseArguments(collapseTypes(rest));
  // Blocks that a profile-guided build moved away: `foo [clone .cold.222]`.
  if (rest.includes('clone .cold')) rest = dropSquareBrackets(rest);
  return { name: rest, finish: fixSpaces };
}

export function collapseRustFunction(name: string): CollapsedFunction {
  return {
    name: dropArguments(collapseRustTypes(dropPrefixAndReturnType(name))),
    finish: (collapsed) => dropRustHash(fixSpaces(collapsed)),
  };
}

/** `foo:77`. A function of the list without a known line is `foo:None`. */
export const withLine = (name: string, line: unknown): string => `${name}:${str(line)}`;
