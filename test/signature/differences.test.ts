/** `docs/reference/signature-differences.md` says what is so. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CrashDataFrame } from '../../src/signature/crash-data.ts';
import { defaultRules } from '../../src/signature/default-rules.ts';
import { SignatureGenerator } from '../../src/signature/generator.ts';
import { parseLists } from '../../src/signature/list-folder.ts';
import type { ListTexts } from '../../src/signature/lists.ts';
import { defineSignatureRule } from '../../src/signature/rule.ts';

interface Difference {
  readonly lists?: ListTexts;
  readonly frames?: readonly CrashDataFrame[];
  readonly thread0?: readonly CrashDataFrame[];
  readonly throws?: string;
  readonly reference?: string;
  readonly auxilio?: string;
  readonly verdict?: string;
  readonly note?: string;
  readonly refused?: string;
}

const page = readFileSync(join(import.meta.dirname, '../../docs/reference/signature-differences.md'), 'utf8');
const sections = page.split(/^## /m).slice(1);
const cases = sections.flatMap((section) => {
  const [title = ''] = section.split('\n');
  return [...section.matchAll(/```json\n([\s\S]*?)```/g)].map(
    ([, json]) => [title, JSON.parse(json ?? '') as Difference] as const,
  );
});

async function generate({ lists = {}, frames = [], thread0, throws }: Difference) {
  const outside = defineSignatureRule({
    name: 'outside',
    after: ['SigTruncate'],
    run: () => {
      if (throws !== undefined) throw new TypeError(throws);
    },
  });
  const generator = new SignatureGenerator({
    lists: await parseLists(lists),
    rules: [...defaultRules, outside],
  });
  return generator.generate({
    crashing_thread: thread0 ? 1 : 0,
    threads: [...(thread0 ? [{ frames: thread0 }] : []), { frames }],
  });
}

describe('each difference', () => {
  it('has a case', () => {
    for (const section of sections) expect(section, section.slice(0, 40)).toContain('```json');
    expect(cases.length).toBeGreaterThan(12);
  });

  it.each(cases)('%s: %j', async (_title, difference) => {
    if (difference.refused !== undefined) {
      await expect(parseLists(difference.lists ?? {})).rejects.toThrow(difference.refused);
      return;
    }
    const { signature, notes, trace } = await generate(difference);
    expect(signature).toBe(difference.auxilio);
    if (difference.verdict) expect(trace.frames[0]?.verdict).toBe(difference.verdict);
    if (difference.note) expect(notes).toEqual([difference.note]);
  });
});

describe('the other side of frames of other languages', () => {
  const languages = cases.filter(([, difference]) => difference.frames?.[0]?.file !== undefined);

  // A frame that says it is C++ is named as the original names all.
  it.each(languages)('%s: %j', async (_title, difference) => {
    const frames = difference.frames?.map((frame) => ({ ...frame, language: 'c++' }));
    expect((await generate({ ...difference, ...(frames && { frames }) })).signature).toBe(
      difference.reference,
    );
  });
});
