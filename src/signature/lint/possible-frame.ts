/** Whether a frame can look like this once it is normalised: what no frame looks like, no line needs to match. */
import { collapseCppFunction, collapseRustFunction } from '../normalize-function.ts';
import { PythonError } from '../python-values.ts';

/**
 * Names that come from no function: addresses, unloaded modules, files with a line, functions with their line, and
 * modules of which each word has a capital, `Google Chrome Framework`.
 */
const OTHER_FORMS = /^@|^\(unloaded |#\d|:(?:\d+|None)$|^[A-Z][\w.+-]*(?: [A-Z][\w.+-]*)*$/;

/** What the names of other languages have that C++ and Rust lose: `App.View.tap(at:)`, `tool.<module>`, `main.Map[...]`. */
const OF_OTHER_LANGUAGES = [
  /^(?!.*::)(?=.*\.).*\((?:[\w$`]+:)*\)/,
  /<(?:anonymous|class:|dictcomp|frozen|genexpr|lambda|listcomp|locals|main|module|setcomp|top)/,
  /^(?:closure in|new) [\w$]/,
];

export function isPossibleFrame(name: string): boolean {
  if (OTHER_FORMS.test(name) || OF_OTHER_LANGUAGES.some((form) => form.test(name))) return true;
  return [collapseCppFunction, collapseRustFunction].some((collapse) => {
    try {
      const { name: collapsed, finish } = collapse(name);
      return finish(collapsed) === name;
    } catch (error) {
      // A name that is a qualifier and nothing else, e.g. `const`.
      if (error instanceof PythonError) return false;
      throw error;
    }
  });
}
