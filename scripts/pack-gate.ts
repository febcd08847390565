/**
 * `.npmrc` sends tarballs to a folder that is not there, so that a bare `npm pack`, which builds nothing, fails and its
 * error names what to use. With scripts on, `prepack` opens the gate (the folder is then this one) and `postpack` shuts it.
 */
import { rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const gate = fileURLToPath(new URL('../use-npm-run-package', import.meta.url));

rmSync(gate, { force: true });
if (process.argv.includes('--open')) symlinkSync('.', gate, 'junction');
