/** A memory report that came with the crash: gzip JSON in a part of its own. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { readAll } from '../../lib/streams.ts';
import { defineRule, type Patch } from '../rule.ts';

const PART = 'memory_report';
const LARGEST_BYTES = 20 * 1024 * 1024;
const inflate = promisify(gunzip);

export default defineRule({
  name: 'memory-report',
  when: ({ dumps }) => dumps.some((dump) => dump.name === PART),
  async run({ dumps, signal, note }): Promise<Patch> {
    const dump = dumps.find(({ name }) => name === PART);
    if (!dump) return {};
    try {
      const compressed = await readAll(await dump.open({ signal }), LARGEST_BYTES);
      const text = await inflate(compressed, { maxOutputLength: LARGEST_BYTES });
      return { memory_report: JSON.parse(text.toString('utf8')) as unknown };
    } catch (error) {
      if (signal.aborted) throw error;
      note('memory_report could not be read');
      return { memory_report_error: error instanceof Error ? error.name : 'Error' };
    }
  },
});
