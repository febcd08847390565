/** What has begun and must have ended before the thing that it works on is closed. */
export class InHand {
  readonly #begun = new Set<Promise<unknown>>();

  /** The promise itself, in hand until it settles. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#begun.add(work);
    const forget = (): void => {
      this.#begun.delete(work);
    };
    work.then(forget, forget);
    return work;
  }

  /** In hand until the function is called. */
  hold(): () => void {
    const held = Promise.withResolvers<void>();
    void this.track(held.promise);
    return held.resolve;
  }

  /** Resolves when nothing is in hand, nor anything that began meanwhile; at once when nothing was. */
  async settled(): Promise<void> {
    while (this.#begun.size > 0) await Promise.allSettled(this.#begun);
  }
}
