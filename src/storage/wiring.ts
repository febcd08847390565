/** What an expression comes to, without opening anything: for `auxilio config` and the checks at start. */
import { SettingsError } from '../lib/settings.ts';
import type { Capability } from './contract.ts';
import type { KnownCapabilities } from './definition.ts';
import { checkNames, parseWritten, planStore, type StoreDefinitions, type Written } from './definitions.ts';
import { formatExpression } from './expression.ts';
import type { LayerName } from './layers/wrap.ts';

export interface WiringNode {
  /** A store's name, or a container's expression. */
  readonly name: string;
  readonly use: string;
  /** Undefined when only opening tells. */
  readonly capabilities: KnownCapabilities;
  /** Outermost first. */
  readonly layers: readonly LayerName[];
  /** What the executor layer may add to one call, in milliseconds: 0 without one, `Infinity` for `infinite`. */
  readonly waitingMs: number;
  /** How often the executor layer may make one call. */
  readonly attempts: number;
  /** How the children are tried. */
  readonly tries: 'all' | 'alternatives';
  readonly children: readonly WiringNode[];
}

/** Throws `SettingsError`: a syntax error with a caret, an unknown store, a circle with its path, a bad layer or setting. */
export async function describeWiring(
  expression: string,
  options: { readonly definitions: StoreDefinitions; readonly baseDir: string; readonly label: string },
): Promise<WiringNode> {
  checkNames(options.definitions);
  return describe(parseWritten(expression, options.label), options, []);
}

async function describe(
  written: Written,
  options: { readonly definitions: StoreDefinitions; readonly baseDir: string },
  path: readonly string[],
): Promise<WiringNode> {
  const name = formatExpression(written.expression);
  if (path.includes(name)) {
    const circle = [...path.slice(path.indexOf(name)), name].join(' -> ');
    throw new SettingsError(`${written.label}: the stores are wired in a circle: ${circle}`);
  }
  const plan = await planStore(written, options);
  await plan.backend.check(plan.options, plan.label);
  const children = await Promise.all(plan.children.map((c) => describe(c, options, [...path, name])));
  const known = children.map((child) => child.capabilities);
  return {
    name,
    use: plan.backend.use,
    capabilities: plan.backend.capabilities(plan.options, known, plan.label),
    layers: plan.layers.layers,
    waitingMs: plan.layers.waitingMs,
    attempts: plan.layers.attempts,
    tries: plan.backend.tries,
    children,
  };
}

export interface WiringUse {
  /** What the operator wrote the expression in, e.g. `WEB_SOURCE`. */
  readonly label: string;
  readonly needs?: readonly Capability[];
  /** A person waits for the answer: nothing below may wait for ever. */
  readonly interactive?: boolean;
  /** How long a task that uses the store may take. */
  readonly taskLimitMs?: number;
}

/** What is wrong with a wiring where it is used, one line each; empty when it is well. */
export function checkWiring(node: WiringNode, use: WiringUse): string[] {
  const problems: string[] = [];
  const { label, taskLimitMs, needs = [] } = use;
  const missing = needs.filter((c) => node.capabilities && !node.capabilities.has(c));
  if (missing.length > 0) problems.push(`${label}: ${node.name} has no ${missing.join(', ')}`);
  for (const { name, under } of endless(node, undefined)) {
    if (under)
      problems.push(
        `${label}: ${name} has EXECUTOR=infinite and is under ${under}, which would never get on`,
      );
    else if (use.interactive)
      problems.push(`${label}: ${name} has EXECUTOR=infinite, and people wait for the page`);
    else if (taskLimitMs !== undefined)
      problems.push(`${label}: ${name} has EXECUTOR=infinite, and a task may take ${seconds(taskLimitMs)}`);
  }
  const longest = longestWait(node);
  if (taskLimitMs !== undefined && Number.isFinite(longest) && longest >= taskLimitMs)
    problems.push(
      `${label}: the executors of ${node.name} may wait ${seconds(longest)}, and a task may take ${seconds(taskLimitMs)}; shorten EXECUTOR_DELAYS`,
    );
  return problems;
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

/** Stores that wait for ever, and the nearest container above that would try another store instead. */
function endless(
  node: WiringNode,
  under: string | undefined,
): readonly { readonly name: string; readonly under: string | undefined }[] {
  const own = node.waitingMs === Number.POSITIVE_INFINITY ? [{ name: node.name, under }] : [];
  const below = node.tries === 'alternatives' ? node.name : under;
  return [...own, ...node.children.flatMap((child) => endless(child, below))];
}

/** Alternatives wait one after the other, the rest side by side; an executor above repeats what is below it. */
function longestWait(node: WiringNode): number {
  const waits = node.children.map(longestWait);
  const below =
    node.tries === 'alternatives' ? waits.reduce((sum, ms) => sum + ms, 0) : Math.max(0, ...waits);
  return node.waitingMs + (below === 0 ? 0 : node.attempts * below);
}
