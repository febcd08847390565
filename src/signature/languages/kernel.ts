/** Linux kernel oopses: `? __handle_mm_fault.isra.0+0x1a/0x30 [ext4]`. */
import { defineLanguage, frameOf } from './language.ts';

const OFFSET = /\+0x[0-9a-f]+\/0x[0-9a-f]+/;

export default defineLanguage({
  name: 'kernel',
  extensions: [],
  claims: (name) => OFFSET.test(name),
  normalise: ({ function: name }) =>
    name
      .replace(/^(?:\[<?[0-9a-f]+>?\] )*(?:\? )?/, '')
      .replace(/^(?:RIP|EIP|pc|lr|PC is at|LR is at) ?:? (?:[0-9a-f]{4}:)?/, '')
      .replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+.*$/, '')
      // Clones that the compiler makes: their numbers change with the build.
      .replace(/(?:\.(?:isra|constprop|part|cold|llvm)(?:\.\d+)?)+$/, '')
      .replace(/^__(?:x64|ia32|arm64|s390x?|riscv|se|do)_(?:compat_)?(?=sys_)/, ''),
  // `[ 12.34]  ? do_syscall_64+0x5b/0x80`, `RIP: 0010:foo+0x1/0x2`; a frame with `?` was only found on the stack. `lr` is
  // what the first frame returns to, and comes again as the second one.
  readLine(line) {
    const text = line.replace(/^(?:<\d>)?\s*(?:\[\s*\d+\.\d+\]\s*)?(?:\[<?[0-9a-f]{8,}>?\] )*/, '').trim();
    if (text.startsWith('? ')) return undefined;
    const [, name, module] =
      /^(?:(?:RIP|EIP|pc) ?: (?:[0-9a-f]{4}:)?|NIP )?(\S+\+0x[0-9a-f]+\/0x[0-9a-f]+)(?: \[(\w+)\])?/.exec(
        text,
      ) ?? [];
    return name === undefined ? undefined : frameOf({ name, module });
  },
});
