import { join } from 'node:path';
import { type Finding, lintLists } from '../../../signature/lint/lint-lists.ts';
import { readListTexts } from '../../../signature/list-folder.ts';
import { judgePatterns } from '../../../signature/pattern-safety.ts';
import { type CommandContext, defineCommand, UsageError } from '../../command.ts';
import { counted } from '../../rows.ts';
import { listFolder } from '../../siglists/list-folder.ts';

const LABELS: Readonly<Record<Finding['kind'], string>> = {
  refused: 'error',
  duplicate: 'duplicate',
  shadowed: 'shadowed',
  never: 'never matches',
  order: 'order',
};

function print(context: CommandContext, folder: string, findings: readonly Finding[]): void {
  for (const { list, line, kind, message, pattern, by } of findings) {
    context.print(`${join(folder, list)}:${line}: ${LABELS[kind]}: ${message}`);
    context.print(`    ${pattern}`);
    if (by && by.pattern !== pattern) context.print(`    ${by.pattern}   (${by.list}:${by.line})`);
  }
  context.print(findings.length === 0 ? 'nothing to complain of' : counted(findings.length, 'finding'));
}

export default defineCommand({
  name: 'lint',
  summary:
    'Say what is wrong with the lists: refused, duplicate, shadowed and never-matching lines, and their order',
  sections: ['signature'],
  options: [
    { flags: '--list-dir <folder>', doc: 'the lists to check; default is those in use' },
    { flags: '--format <format>', doc: 'text or json', default: 'text' },
    { flags: '--strict', doc: 'exit with 1 for advice on the order as well' },
  ],
  examples: [
    'auxilio siglists lint',
    'auxilio siglists lint --list-dir ./siglists --format json',
    'auxilio siglists lint --strict --list-dir NEW',
  ],
  async run(context) {
    const { format, strict } = context.options;
    if (format !== 'text' && format !== 'json')
      throw new UsageError(`--format is text or json, not ${JSON.stringify(format)}`);
    const folder = await listFolder(await context.configuration(), context.options['listDir']);
    const { signal } = context;
    const findings = await lintLists(await readListTexts(folder), { judge: judgePatterns, signal });
    if (format === 'json') context.print(JSON.stringify({ folder, findings }, null, 2));
    else print(context, folder, findings);
    return findings.some(({ kind }) => strict || kind !== 'order') ? 1 : 0;
  },
});
