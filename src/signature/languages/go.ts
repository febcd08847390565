/** Go: `github.com/a/b.(*Server).Serve.func1(0xc000123, 0x1)`. */
import { replaceBrackets } from './brackets.ts';
import { defineLanguage, frameOf } from './language.ts';

/** The receiver is in brackets as well, but something follows it. */
function withoutArguments(name: string): string {
  let depth = name.endsWith(')') ? 0 : Number.NaN;
  for (let i = name.length - 1; i >= 0; i--) {
    if (name.charAt(i) === ')') depth++;
    else if (name.charAt(i) === '(' && --depth === 0) return i > 0 ? name.slice(0, i) : name;
  }
  return name;
}

export default defineLanguage({
  name: 'go',
  extensions: ['go'],
  normalise({ function: name }) {
    const bare = withoutArguments(name.replace(/^created by /, '').replace(/ in goroutine \d+$/, ''));
    // Instances of generic functions are named after the shapes of their types: `Map[go.shape.int]`.
    return (
      replaceBrackets(bare, '[', () => '[...]')
        .replaceAll('%2e', '.')
        .replace(/^.*\/vendor\//, '')
        // Closures and wrappers are counted through the function, so that a new one renames those below it.
        .replace(/(?:\.(?:func|gowrap|deferwrap)\d+(?:\.\d+)*|·(?:dwrap|f)·\d+|-fm)+$/, '.func')
        .replace(/\.(init)\.\d+$/, '.$1')
        .replace(/-range\d+/g, '-range')
    );
  },
  // The line below a function says where it stands, and is none itself: `	/src/main.go:12 +0x1d`.
  readLine(line) {
    const [, name] =
      /^(?:created by )?((?:[\w.~%-]+\/)*[\w%-]+\.[^\s].*?)(?: in goroutine \d+)?$/.exec(line) ?? [];
    if (name === undefined || !/[).\w\]]$/.test(name) || /^(?:goroutine|panic|fatal error)\b/.test(name))
      return undefined;
    return frameOf({ name });
  },
});
