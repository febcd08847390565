/** A signature rule: one step of the generator, one file in `rules/`, its default export. */
import type { CrashData } from './crash-data.ts';

/** What a rule sees and may change. */
export interface SignatureContext {
  /** Frozen by contract: no rule edits it. */
  readonly data: CrashData;
  /** As the rules before have left it; empty at first. */
  readonly signature: string;
  setSignature(signature: string): void;
  /** A line for the person who reads the crash; the rule's name is put in front. */
  note(text: string): void;
  /** Sets the signature of the stack itself: of the crashing thread, or of the one with this index. */
  readStack(thread?: bigint): void;
}

export interface SignatureRule {
  /** As it stands in the notes. */
  readonly name: string;
  /** What it does to the signature, for `signature --doc`: one line of Markdown. */
  readonly doc?: string;
  /** Names of rules that come before. Together they must leave no doubt of the order: each changes the same text. */
  readonly after?: readonly string[];
  /** Names of rules that come later: how a rule from outside gets in front of those that clean up and cut. */
  readonly before?: readonly string[];
  /** Whether there is anything to do; always when absent. A throw is noted, and the next rule goes on. */
  when?(context: SignatureContext): boolean;
  run(context: SignatureContext): void;
}

export const defineSignatureRule = (rule: SignatureRule): SignatureRule => rule;
