/** Order by declared dependency: rules and jobs say what they come `after`. */

export interface Node {
  readonly name: string;
  readonly after?: readonly string[] | undefined;
}

/** A cycle or an unknown name; the message has the path. */
export class DependencyError extends Error {
  override readonly name = 'DependencyError';
}

/**
 * Dependencies first; among those that are free at the same time, alphabetical, so that the order
 * never depends on how a folder was read. Throws `DependencyError` (`cycle: a -> b -> a`).
 */
export function toposort<N extends Node>(nodes: readonly N[], kind: string): N[] {
  const byName = new Map<string, N>();
  for (const node of nodes) {
    if (byName.has(node.name)) throw new DependencyError(`two ${kind}s are named ${node.name}`);
    byName.set(node.name, node);
  }
  const sorted: N[] = [];
  const state = new Map<string, 'open' | 'done'>();
  function visit(node: N, path: readonly string[]): void {
    if (state.get(node.name) === 'done') return;
    const here = [...path, node.name];
    if (state.get(node.name) === 'open') {
      throw new DependencyError(`cycle: ${here.slice(here.indexOf(node.name)).join(' -> ')}`);
    }
    state.set(node.name, 'open');
    for (const dependency of [...(node.after ?? [])].sort()) {
      const before = byName.get(dependency);
      if (!before)
        throw new DependencyError(`${kind} ${node.name} comes after ${dependency}, which does not exist`);
      visit(before, here);
    }
    state.set(node.name, 'done');
    sorted.push(node);
  }
  for (const name of [...byName.keys()].sort()) visit(byName.get(name) as N, []);
  return sorted;
}
