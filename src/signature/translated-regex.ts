/** A Python pattern in JavaScript's syntax. */

export interface Translated {
  /** For `new RegExp(source, flags)`. */
  readonly source: string;
  /** `u` or `iu`. */
  readonly flags: string;
  /** True when it must not be joined with others by `|`: back references count groups. */
  readonly alone: boolean;
  readonly shape: Shape;
}

/** What tells whether matching can be slow without asking a solver. */
export interface Shape {
  /** Loops without an upper bound. */
  readonly loops: number;
  /** An upper bound on the ways through everything else: alternatives and optional parts multiplied. */
  readonly choices: number;
  /** A group repeated more than once, a look-around or a back reference. */
  readonly intricate: boolean;
}
