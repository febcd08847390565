/** Says in one line when Node is too old; nothing else may be imported before it. */
/** Since when `node:sqlite` needs no flag. What 22.13 lacks otherwise is made up for in database/sqlite-statement.ts. */
const NEEDED = [22, 13] as const;

/** True when this Node can run Auxilio; otherwise one line on stderr and exit code 1. */
export function nodeIsRecent(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return true;
  process.stderr.write(`auxilio needs Node ${NEEDED.join('.')} or newer; this is ${process.versions.node}\n`);
  process.exitCode = 1;
  return false;
}
