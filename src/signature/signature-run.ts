import type { CrashData } from './crash-data.ts';
import type { FrameNamer } from './frame-namer.ts';
import { PythonError } from './python-values.ts';
import type { SignatureContext, SignatureRule } from './rule.ts';
import { readStack, type StackSignature } from './stack-reader.ts';
import type { SignatureResult, SignatureStep } from './trace.ts';

/** The rule whose name stands before what the stack itself gives, whichever rule asked for it. */
const STACK_RULE = 'SignatureGenerationRule';

export interface RunOptions {
  readonly trace: boolean;
  readonly version: string;
  /** What earlier rules would have left; for running one rule by itself. */
  readonly signature?: string;
}

/** One crash on its way through the rules. */
export class SignatureRun implements SignatureContext {
  readonly data: CrashData;
  readonly #namer: FrameNamer;
  readonly #options: RunOptions;
  readonly #notes: string[] = [];
  readonly #steps: SignatureStep[] = [];
  #signature: string;
  #rule = '';
  #stack: StackSignature['trace'] = { tool: 'none', frames: [] };
  #names: readonly string[] | undefined;

  constructor(namer: FrameNamer, data: CrashData, options: RunOptions) {
    this.data = data;
    this.#namer = namer;
    this.#options = options;
    this.#signature = options.signature ?? '';
  }

  get signature(): string {
    return this.#signature;
  }

  setSignature(signature: string): void {
    this.#set(this.#rule, signature);
  }

  note(text: string): void {
    this.#notes.push(`${this.#rule}: ${text}`);
  }

  readStack(thread?: bigint): void {
    const found = readStack(this.#namer, this.data, { thread, trace: this.#options.trace });
    this.#stack = found.trace;
    if (found.names !== undefined && found.names.length > 0) this.#names = found.names;
    for (const note of found.notes) this.#notes.push(`${STACK_RULE}: ${note}`);
    if (found.signature !== '' || found.names === undefined) this.#set(STACK_RULE, found.signature);
  }

  /** Throws what the rule throws. */
  attempt(rule: SignatureRule): void {
    this.#rule = rule.name;
    if (rule.when?.(this) ?? true) rule.run(this);
  }

  /** A rule that fails is noted, and what the signature was stays. */
  apply(rule: SignatureRule): void {
    try {
      this.attempt(rule);
    } catch (error) {
      this.note(`Rule failed: ${failure(error)}`);
    }
  }

  result(): SignatureResult {
    const names = this.#names;
    return {
      signature: this.#signature,
      notes: this.#notes,
      extra: names ? { normalized_frames: names, proto_signature: names.join(' | ') } : {},
      trace: {
        lists: this.#namer.lists.digest,
        generator: this.#options.version,
        ...this.#stack,
        steps: this.#steps,
      },
    };
  }

  #set(rule: string, signature: string): void {
    if (signature === this.#signature) return;
    if (this.#options.trace) this.#steps.push({ rule, from: this.#signature, to: signature });
    this.#signature = signature;
  }
}

/** Notes are public. Our own errors' messages are made of values' types; a foreign one may say anything. */
const failure = (error: unknown): string => {
  if (error instanceof PythonError) return error.message;
  return error instanceof Error ? error.name : 'unknown error';
};
