/** How many tasks a consumer works on; and to be the only one. */
export class AtWork {
  #count = 0;
  #alone: (() => void) | undefined;

  get count(): number {
    return this.#count;
  }

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 1) this.#alone?.();
  }

  /** Resolves when only one is left: the one that asks. Whoever asks keeps others from beginning meanwhile. */
  async untilAlone(): Promise<void> {
    if (this.#count <= 1) return;
    await new Promise<void>((resolve) => {
      this.#alone = resolve;
    });
    this.#alone = undefined;
  }
}
