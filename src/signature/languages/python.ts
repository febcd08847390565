/** Python: functions have no module in their names, so that the file gives it. */
import { baseName, defineLanguage, frameOf } from './language.ts';

/** Packages lie behind one of these, wherever Python itself lies. */
const ROOT = /^.*[/\\](?:site-packages|dist-packages|lib[/\\]python[\d.]+|Lib)[/\\]/;

/** `/usr/lib/python3/dist-packages/apt/cache.py` → `apt.cache`, `/home/a/tool.py` → `tool`. */
function moduleOf(file: string): string {
  const path = ROOT.test(file) ? file.replace(ROOT, '') : baseName(file);
  return path
    .replace(/\.py[cw]?$/, '')
    .replace(/[/\\]__init__$/, '')
    .split(/[/\\]/)
    .join('.');
}

export default defineLanguage({
  name: 'python',
  extensions: ['py', 'pyc', 'pyw', 'pyx'],
  innermostLast: true,
  normalise({ function: name, file, module }) {
    const isPackage = module !== '' && !/[/\\]|\.(?:so|dll|pyd|exe|dylib)\b/i.test(module);
    const place = isPackage ? module : moduleOf(file);
    // `<string>` and `<frozen importlib._bootstrap>` are no files.
    const where = place.replace(/^<frozen (.*)>$/, '$1');
    return where === '' || name.startsWith(`${where}.`) ? name : `${where}.${name}`;
  },
  // `  File "/usr/bin/tool", line 12, in main`; groups of exceptions have a bar in front.
  readLine(line) {
    const [, file = '', at, name = '<module>'] =
      /^[\s|]*File "([^"]*)", line (\d+)(?:, in (.+))?$/.exec(line) ?? [];
    if (at === undefined) return undefined;
    return frameOf({ name: name.trim(), file, line: at });
  },
});
