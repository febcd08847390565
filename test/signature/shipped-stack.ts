/** Stacks as the walkers give them, of every kind of native program, and the signature that they shall have. */
export interface ShippedStack {
  readonly what: string;
  readonly os?: string;
  readonly frames: string;
  readonly signature: string;
}
