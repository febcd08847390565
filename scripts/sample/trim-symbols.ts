/** Cuts a Breakpad symbol file down to what a few addresses need: their functions, lines, inlines and unwind records. */

interface Range {
  readonly start: bigint;
  readonly end: bigint;
}

const parse = (text: string | undefined): bigint => BigInt(`0x${text ?? '0'}`);
const covers = (range: Range, offsets: readonly bigint[]): boolean =>
  // A return address may be one behind the last byte of its function.
  offsets.some((at) => at >= range.start && at - 1n < range.end);

/** `FUNC [m] start size parameters name` */
function functionRange(line: string): Range {
  const fields = line.replace(/^FUNC (m )?/, '').split(' ');
  const start = parse(fields[0]);
  return { start, end: start + parse(fields[1]) };
}

/** `STACK CFI INIT start size rules` */
function unwindRange(line: string): Range {
  const fields = line.split(' ');
  const start = parse(fields[3]);
  return { start, end: start + parse(fields[4]) };
}

/** Public symbols have no size: the nearest at or below each address counts. */
function neededPublics(lines: readonly string[], offsets: readonly bigint[]): Set<string> {
  const publics = lines
    .filter((line) => line.startsWith('PUBLIC '))
    .map((line) => ({ line, start: parse(line.replace(/^PUBLIC (m )?/, '').split(' ')[0]) }))
    .sort((a, b) => (a.start < b.start ? -1 : 1));
  const needed = new Set<string>();
  for (const at of offsets) {
    const below = publics.findLastIndex((p) => p.start <= at);
    for (const entry of publics.slice(Math.max(0, below), below + 1)) needed.add(entry.line);
  }
  return needed;
}

/** Blocks: a FUNC with its lines, a STACK CFI INIT with what follows it. */
function keepBlocks(lines: readonly string[], offsets: readonly bigint[]): string[] {
  const publics = neededPublics(lines, offsets);
  const kept: string[] = [];
  let keeping = false;
  for (const line of lines) {
    if (line.startsWith('FUNC ')) keeping = covers(functionRange(line), offsets);
    else if (line.startsWith('STACK CFI INIT ')) keeping = covers(unwindRange(line), offsets);
    else if (/^(MODULE|INFO|FILE|INLINE_ORIGIN) /.test(line)) keeping = true;
    else if (line.startsWith('PUBLIC ')) keeping = publics.has(line);
    if (keeping) kept.push(line);
  }
  return kept;
}

/** Files and inline origins that no record is left for. */
function dropUnused(lines: readonly string[]): string[] {
  const files = new Set<string>();
  const origins = new Set<string>();
  for (const line of lines) {
    const fields = line.split(' ');
    if (/^[0-9a-f]+ /.test(line)) files.add(fields[3] ?? '');
    if (!line.startsWith('INLINE ')) continue;
    files.add(fields[3] ?? '');
    origins.add(fields[4] ?? '');
  }
  return lines.filter((line) => {
    const number = line.split(' ')[1] ?? '';
    if (line.startsWith('FILE ')) return files.has(number);
    return line.startsWith('INLINE_ORIGIN ') ? origins.has(number) : true;
  });
}

/** `offsets` are addresses relative to the module: of instructions, and of what calls return to. */
export function trimSymbols(text: string, offsets: readonly bigint[]): string {
  return `${dropUnused(keepBlocks(text.trimEnd().split('\n'), offsets)).join('\n')}\n`;
}
