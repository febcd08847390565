/**
 * The metrics register. Each component declares its metrics once, beside itself, with type, labels and meaning;
 * `/metrics` of each service shows them. Names get the prefix `auxilio_`.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface MetricDeclaration {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  /** Upper bounds, for histograms; seconds or bytes as the name says. */
  readonly buckets?: readonly number[];
}

export const registry = new Registry();
const declared = new Map<string, MetricDeclaration>();

export const LATENCY_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120,
] as const;

type Labels = Readonly<Record<string, string | number>>;

export interface Metrics<Name extends string> {
  /** Adds to a counter. */
  count(name: Name, labels?: Labels, by?: number): void;
  /** Sets a gauge. */
  set(name: Name, value: number, labels?: Labels): void;
  /** Puts a value into a histogram. */
  observe(name: Name, value: number, labels?: Labels): void;
}

type Instrument = Counter | Gauge | Histogram;

function instrument(name: string, d: MetricDeclaration): Instrument {
  const base = { name, help: d.help, labelNames: [...(d.labels ?? [])], registers: [registry] };
  if (d.type === 'counter') return new Counter(base);
  if (d.type === 'gauge') return new Gauge(base);
  return new Histogram({ ...base, buckets: [...(d.buckets ?? LATENCY_SECONDS)] });
}

/** Declares a component's metrics; throws when a name is taken. */
export function declareMetrics<Name extends string>(
  metrics: Readonly<Record<Name, MetricDeclaration>>,
): Metrics<Name> {
  const made = new Map<string, Instrument>();
  for (const [name, declaration] of Object.entries<MetricDeclaration>(metrics)) {
    const full = `auxilio_${name}`;
    if (declared.has(full)) throw new Error(`metric ${full} is declared twice`);
    declared.set(full, declaration);
    made.set(name, instrument(full, declaration));
  }
  const get = (name: Name): Instrument => made.get(name) as Instrument;
  return {
    count: (name, labels = {}, by = 1) => (get(name) as Counter).inc(labels, by),
    set: (name, value, labels = {}) => (get(name) as Gauge).set(labels, value),
    observe: (name, value, labels = {}) => (get(name) as Histogram).observe(labels, value),
  };
}

/** Everything declared so far, by full name. */
export const declaredMetrics = (): ReadonlyMap<string, MetricDeclaration> => declared;
