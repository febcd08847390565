/** How a signature came about, in a form that can be stored beside it and explained years later. */

/** Which line of which list decided. */
export interface ListLine {
  /** File name without folder, e.g. `prefix_signature_re.txt`. */
  readonly list: string;
  /** 1-based. */
  readonly line: number;
}

export interface FrameVerdict {
  /** The frame as it was compared with the lists. */
  readonly frame: string;
  /** Its index in the (inlines-expanded) frame list. */
  readonly index: number;
  readonly verdict:
    | 'before_sentinel'
    | 'empty'
    | 'irrelevant'
    | 'repeated'
    /** In the signature, and the next frame is looked at as well: `by` is the prefix line. */
    | 'kept'
    /** In the signature, and the last one: no prefix line matched. */
    | 'stopped'
    | 'not_reached';
  /** The line that made it so; absent when no list was involved. */
  readonly by?: ListLine;
  /** What stands for the frame in the signature when a line of the trim list shortened it. */
  readonly trimmed?: ListLine & { readonly to: string };
}

/** One rule that changed the signature. */
export interface SignatureStep {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

export interface SignatureTrace {
  /** SHA-256 of the lists, hex. */
  readonly lists: string;
  /** Version of the generator. */
  readonly generator: string;
  readonly tool: 'c' | 'java_stack' | 'java_exception' | 'none';
  /** Index of the thread whose frames these are (negative: counted from the end); absent for Java. */
  readonly thread?: number;
  readonly sentinel?: ListLine & { readonly index: number };
  /** Index of the frame that was taken, though irrelevant, because no other was left. */
  readonly fallback?: number;
  readonly frames: readonly FrameVerdict[];
  readonly steps: readonly SignatureStep[];
}

export interface SignatureResult {
  readonly signature: string;
  /** Lines with the rule's name in front. */
  readonly notes: readonly string[];
  /** `normalized_frames`, `proto_signature`. */
  readonly extra: { readonly normalized_frames?: readonly string[]; readonly proto_signature?: string };
  readonly trace: SignatureTrace;
}
