/** Several sorted sequences as one, each item once, with one item of each in memory. */
export async function* mergeSorted<T>(
  sources: readonly AsyncGenerator<T>[],
  compare: (a: T, b: T) => number,
): AsyncGenerator<T> {
  try {
    const heads = await Promise.all(sources.map(async (source) => ({ source, next: await source.next() })));
    for (;;) {
      let least: T | undefined;
      for (const { next } of heads)
        if (!next.done && (least === undefined || compare(next.value, least) < 0)) least = next.value;
      if (least === undefined) return;
      yield least;
      for (const head of heads)
        while (!head.next.done && compare(head.next.value, least) === 0) head.next = await head.source.next();
    }
  } finally {
    await Promise.all(sources.map((source) => source.return(undefined)));
  }
}
