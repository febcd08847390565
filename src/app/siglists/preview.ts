/** What a change of the lists would do, as the formats of `siglists preview` tell it. */
import type { CrashId } from '../../model/crash-id.ts';
import type { Moves } from '../../processor/resign/moves.ts';

export interface Preview extends Moves {
  /** As the operator named it. */
  readonly store: string;
  /** Period of `date_processed`, ISO text, from (inclusive) to (exclusive). */
  readonly since: string;
  readonly until: string;
  /** SHA-256 of the new lists, hex. */
  readonly lists: string;
  /** Where the new lists are; absent for those in use. */
  readonly folder?: string;
  readonly generator: string;
  /** SHA-256 of the lists whose signatures it is compared with; absent for the stored ones. */
  readonly against?: string;
  /** Crashes that cannot be judged: nobody stored what their signature was made of. */
  readonly withoutInput: number;
}

export interface PreviewView {
  /** Groups of each kind at most. */
  readonly limit: number;
  /** Address of a crash's page; undefined when nobody knows one. */
  page(id: CrashId): string | undefined;
}

export const number = (value: number): string => value.toLocaleString('en-US');

export const counted = (count: number, word: string, words = `${word}s`): string =>
  `${number(count)} ${count === 1 ? word : words}`;

export const crashes = (count: number): string => counted(count, 'crash', 'crashes');

/** Sentences without markup. */
export function summary(preview: Preview): readonly string[] {
  const { merges, splits, moves, changed, before, after, unlisted, withoutInput } = preview;
  const kinds = [
    counted(merges.length, 'merge'),
    counted(splits.length, 'split'),
    counted(moves.length, 'move'),
  ];
  return [
    `${preview.store}, ${preview.since} to ${preview.until}: ${crashes(preview.crashes)} in ${counted(before, 'signature')}`,
    `lists ${preview.lists.slice(0, 12)}${preview.folder === undefined ? '' : ` of ${preview.folder}`}, generator ${preview.generator}${preview.against === undefined ? '' : `, beside lists ${preview.against.slice(0, 12)}`}`,
    changed === 0
      ? 'no signature changes'
      : `${crashes(changed)} ${changed === 1 ? 'changes' : 'change'}: ${kinds.join(', ')}; ${counted(after, 'signature')} afterwards`,
    ...(unlisted > 0
      ? [`${crashes(unlisted)} came when no more signatures could be remembered: try a shorter period`]
      : []),
    ...(withoutInput > 0
      ? [`${crashes(withoutInput)} without a stored input cannot be judged: auxilio reprocess`]
      : []),
  ];
}

/** The rest of a list that is cut. */
export const more = (all: readonly unknown[], { limit }: PreviewView): readonly string[] =>
  all.length > limit ? [`… and ${number(all.length - limit)} more`] : [];
