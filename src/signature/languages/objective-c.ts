/** Objective-C: `-[Class(Category) method:]` and the blocks in it. A `.mm` file may as well be C++, so the name decides. */
import { readAppleLine } from './apple-line.ts';
import { defineLanguage } from './language.ts';

const BLOCK = /^_{2,3}\d+([-+]\[[^\]]+\])_block_invoke(?:_\d+)?(?:\.\d+)?$/;

export default defineLanguage({
  name: 'objective-c',
  extensions: [],
  claims: (name) => BLOCK.test(name),
  normalise({ function: name }) {
    // Blocks are counted through the method and numbered by the compiler, so that a new one renames those below it.
    const [, method = name.replace(/\.\d+$/, '')] = BLOCK.exec(name) ?? [];
    const plain = method.replace(/^([-+]\[\w+)\(\w*\)/, '$1');
    return BLOCK.test(name) ? `${plain}_block_invoke` : plain;
  },
  readLine: readAppleLine,
});
