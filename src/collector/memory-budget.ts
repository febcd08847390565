/** Memory that all uploads in hand share, so that many hostile ones cannot use more than a setting allows. */
export class MemoryBudget {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** One upload's share; close it when the upload ends. */
  share(): MemoryShare {
    let taken = 0;
    return {
      take: (bytes) => {
        if (this.#used + bytes > this.#limit) return false;
        this.#used += bytes;
        taken += bytes;
        return true;
      },
      close: () => {
        this.#used -= taken;
        taken = 0;
      },
    };
  }
}

export interface MemoryShare {
  /** False, and nothing taken, when there is not so much left. */
  take(bytes: number): boolean;
  /** Gives back everything taken. */
  close(): void;
}
