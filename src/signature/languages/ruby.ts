/** Ruby: `block (2 levels) in Foo::Bar#baz` since 3.4, `block in baz` before. */
import { baseName, defineLanguage, frameOf } from './language.ts';

const PARTS_OF = /^(?:(?:block(?: \(\d+ levels\))?|rescue|ensure) in )+/;

export default defineLanguage({
  name: 'ruby',
  extensions: ['rb', 'rake', 'erb', 'ru'],
  normalise({ function: name, file }) {
    const method = name.replace(PARTS_OF, '').replace(/^<top \(required\)>$/, '<top>');
    // Before 3.4 no class is named, and half of all methods are called `call`: the file says which.
    return /[#.]|^<(?:class|module):/.test(method) || file === '' ? method : `${baseName(file)}:${method}`;
  },
  // `/app/models/user.rb:12:in 'User#save'`; the first quote was a backtick before 3.4.
  readLine(line) {
    const [, file, at, name] =
      /^\s*(?:from )?((?:[A-Z]:)?[^\s:][^:]*):(\d+):in [`'](.+?)'(?:: .*)?$/.exec(line) ?? [];
    return name === undefined ? undefined : frameOf({ name, file, line: at });
  },
});
