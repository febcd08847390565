/** Swift, demangled: `closure #1 (Swift.Int) -> () in App.View.tap(at: CGPoint) -> ()`. */
import { readAppleLine } from './apple-line.ts';
import { replaceBrackets, splitOutside } from './brackets.ts';
import { defineLanguage } from './language.ts';

/** What the compiler makes of a function: the function itself is what people know. */
const MADE_OF =
  /^(?:@objc |@nonobjc |static |class |specialized |merged |partial apply forwarder for |partial apply for |implicit |dispatch thunk of |method lookup function for |outlined copy of |default argument \d+ of |\(\d+\) (?:await|suspend) resume partial function for )/;
const SPECIALIZATION =
  /^(?:generic|function signature|closure) (?:not re-abstracted )?(?:partial )?specialization /;
const WITNESS = /^protocol witness for (.+) in conformance .+$/;
const VTABLE = /^vtable thunk for .+ dispatching to (.+)$/;

function madeOf(name: string): string {
  let rest = name;
  for (let before = ''; before !== rest; ) {
    before = rest;
    rest = rest.replace(MADE_OF, '');
    if (SPECIALIZATION.test(rest)) rest = splitOutside(rest, ' of ').slice(1).join(' of ') || rest;
    rest = WITNESS.exec(rest)?.[1] ?? VTABLE.exec(rest)?.[1] ?? rest;
  }
  return rest;
}

/** `(at: CGPoint, Swift.Int)` → `(at:_:)`. */
function labels(inside: string): string {
  if (inside.trim() === '') return '()';
  if (/^(?:[\w$`]+:)+$/.test(inside)) return `(${inside})`;
  const names = splitOutside(inside, ', ').map((part) => /^([\w$`]+)(?: [\w$`]+)?: /.exec(part)?.[1] ?? '_');
  return `(${names.join(':')}:)`;
}

/** One function, without its types. */
function plain(name: string): string {
  const [function_ = ''] = splitOutside(
    replaceBrackets(name, '<', () => ''),
    ' -> ',
  );
  const rest = function_.replace(/ (?:async|throws|rethrows)\b/g, '').replace(/ : .*$/, '');
  // `(extension in App):Swift.String.trimmed`, `(helper in _1A2B…)`: where it stands, and that it is private.
  return replaceBrackets(rest, '(', (inside, before) => {
    if (inside.startsWith('extension in ')) return '';
    const [, hidden] = /^(\S+) in _[0-9A-F]+$/.exec(inside) ?? [];
    if (hidden !== undefined) return hidden;
    return before === '' || before.endsWith(' ') ? '' : labels(inside);
  }).replace(/^:/, '');
}

export default defineLanguage({
  name: 'swift',
  extensions: ['swift'],
  normalise({ function: name }) {
    const parts = splitOutside(madeOf(name), ' in ');
    const last = madeOf(parts.at(-1) ?? name);
    const inner = parts.slice(0, -1).filter((part) => /^(?:implicit )?closure #\d+/.test(madeOf(part)));
    if (parts.length > 1 && inner.length < parts.length - 1) return plain(madeOf(name));
    // Closures are counted through the function, so that a new one renames those below it.
    return 'closure in '.repeat(Math.min(inner.length, 1)) + plain(last);
  },
  readLine: readAppleLine,
});
