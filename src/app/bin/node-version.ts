/** Says in one line when Node is too old; nothing else may be imported before it. */
/**
 * What undici needs; `node:sqlite` gives rows as arrays since 22.16. On 22.13 the services started, and then nothing was
 * processed. Test: test/app/node-version.test.ts.
 */
const NEEDED = [22, 19] as const;

/** True when this Node can run Auxilio; otherwise one line on stderr and exit code 1. */
export function nodeIsRecent(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return true;
  process.stderr.write(`auxilio needs Node ${NEEDED.join('.')} or newer; this is ${process.versions.node}\n`);
  process.exitCode = 1;
  return false;
}
