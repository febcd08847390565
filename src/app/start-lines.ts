/** What a start says to people: together and last, where no line of the log pushes it away. */
export class StartLines {
  readonly #print: (line: string) => void;
  #waiting: string[] | undefined = [];

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** At once when the others have been printed: a service that started late. */
  say(line: string): void {
    if (this.#waiting) this.#waiting.push(line);
    else this.#print(line);
  }

  print(): void {
    for (const line of this.#waiting ?? []) this.#print(line);
    this.#waiting = undefined;
  }
}
