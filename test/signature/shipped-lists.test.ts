import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { SignatureGenerator } from '../../src/signature/generator.ts';
import { loadLists } from '../../src/signature/list-folder.ts';
import { LIST_FILES, type SignatureLists } from '../../src/signature/lists.ts';
import { isPlainlySafe } from '../../src/signature/pattern-verdict.ts';
import { translatePythonRegex } from '../../src/signature/python-regex.ts';
import { stack } from './stack.ts';
import { C_AND_RUST } from './stacks-c-and-rust.ts';
import { FRAMEWORKS } from './stacks-frameworks.ts';
import { WINDOWS_AND_MACOS } from './stacks-windows-and-macos.ts';

const folder = join(import.meta.dirname, '../../siglists');

let lists: SignatureLists;
let generator: SignatureGenerator;
beforeAll(async () => {
  lists = await loadLists(folder);
  generator = new SignatureGenerator({ lists });
});

describe('the lists of the package', () => {
  it.each([...C_AND_RUST, ...WINDOWS_AND_MACOS, ...FRAMEWORKS])('$what', ({ frames, os, signature }) => {
    expect(generator.generate(stack(frames, os)).signature).toBe(signature);
  });

  it('are all there, and nothing else is', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.values(LIST_FILES).sort());
  });

  // A solver takes 80 MB and 100 ms a line; start-up shall not need one.
  it('are shown harmless by their form', () => {
    for (const list of [lists.irrelevant, lists.prefix, lists.trim, lists.lineNumbers]) {
      const doubtful = list.lines.filter(
        ({ pattern }) => !isPlainlySafe(translatePythonRegex(pattern, { unicode: false }).shape),
      );
      expect(doubtful, list.name).toEqual([]);
    }
  });

  it('go on after every sentinel: none of them names the bug', () => {
    const last = [...lists.sentinels.keys()].filter(
      (frame) => !lists.irrelevant.matches(frame) && !lists.prefix.matches(frame),
    );
    expect(last).toEqual([]);
  });

  it('say of no frame both that it is skipped and that it is an ordinary app function', () => {
    for (const name of [
      'main',
      'app::run',
      'App::start',
      'Widget::raise',
      'readFile',
      'killer',
      'starter',
      'freeRide',
    ]) {
      expect(lists.irrelevant.matches(name) || lists.prefix.matches(name), name).toBe(false);
    }
  });

  it('have no line twice', () => {
    for (const file of Object.values(LIST_FILES)) {
      const lines = readFileSync(join(folder, file), 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'));
      expect(
        lines.filter((line, i) => lines.indexOf(line) !== i),
        file,
      ).toEqual([]);
    }
  });
});
