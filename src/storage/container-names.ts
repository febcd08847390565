/** Names that are called like functions in an expression, so that no store may be named like one. */
export const CONTAINERS = ['fallback', 'poly', 'primary_deferred', 'primary_deferred_processed'] as const;
