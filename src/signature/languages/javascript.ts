/** JavaScript of Node, Electron and browsers: `async Foo.bar [as baz]`, `Object.<anonymous>`, `bar/<` of Firefox. */
import { baseName, defineLanguage, frameOf } from './language.ts';

const ANONYMOUS = /^(?:(?:Object\.|Module\.|Function\.|Array\.)?<anonymous>|anonymous|\(anonymous\)|\?|)$/;

/** `webpack://app/./src/a.js?1b2c` → `a.js`, `main.3f2a9c1b.js` → `main.js`: bundles are named after their content. */
const fileName = (file: string): string =>
  baseName(file.replace(/[?#].*$/, '')).replace(
    /[.-](?=[0-9a-f]*\d)[0-9a-f]{8,}(?=\.(?:chunk\.|bundle\.)?[cm]?[jt]sx?$)/,
    '',
  );

export default defineLanguage({
  name: 'javascript',
  extensions: ['js', 'mjs', 'cjs', 'jsx', 'ts', 'mts', 'cts', 'tsx', 'vue', 'svelte'],
  normalise({ function: name, file }) {
    const bare = name
      .replace(/^(?:async |bound |get |set )+/, '')
      .replace(/ \[as [^\]]*\]$/, '')
      .replace(/ \(index \d+\)$/, '')
      .replace(/[/<]+$/, '');
    if (!ANONYMOUS.test(bare)) return bare.startsWith('eval at ') ? 'eval' : bare;
    const place = file.startsWith('node:') ? file : fileName(file);
    return place === '' ? '<anonymous>' : `${place}:<anonymous>`;
  },
  // `    at async Foo.bar (file:///app/a.js:12:34)`, `    at /app/a.js:12:34`, and `bar@https://…:12:34` of Firefox.
  readLine(line) {
    const text = line.trim();
    const [, name = '<anonymous>', place] = /^at (?:(.+?) \((.+)\)|.+)$/.exec(text) ?? [];
    const where = text.startsWith('at ')
      ? (place ?? text.slice('at '.length))
      : /^[^@\s]*@(.+)$/.exec(text)?.[1];
    if (where === undefined) return undefined;
    const [, file = '', at] = /^(.+?):(\d+)(?::\d+)?$/.exec(where) ?? [];
    if (at === undefined && !/^(?:<anonymous>|native|index \d+)$/.test(where)) return undefined;
    const called = text.startsWith('at ') ? name : text.slice(0, text.indexOf('@'));
    return frameOf({ name: called || '<anonymous>', file, line: at });
  },
});
