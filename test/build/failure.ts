/** What work fails with that has to fail. */
export const failureOf = (work: Promise<unknown>): Promise<Error & { readonly code?: string }> =>
  work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as Error & { readonly code?: string },
  );
