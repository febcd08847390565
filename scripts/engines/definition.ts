/** What an engine has to say of itself to be installed, started and waited for without Docker. */
import type { Engine } from '../../test/build/engines.ts';

/** Where one engine lives. */
export interface Place {
  /** `.engines/NAME`: data, log, ports, processes, address. */
  readonly folder: string;
  /** What is downloaded or built once per machine, of this engine. */
  readonly cache: string;
  /** As many as the definition asks for, all on 127.0.0.1; the same at every start while they are free. */
  readonly ports: readonly number[];
}

/** How long one question may take: engines and whoever asks them share two cores with everything else that runs. */
export const ASK_MS = 20_000;

/** What it answered: all of its address but the pid, which who started it knows. */
export type Answer = Omit<Engine, 'pid'>;

/** The same engine as a service of docker-compose.yml. */
export interface Container {
  readonly service: string;
  /** The variables that say on which ports of the host it is published, in the order of `Place.ports`. */
  readonly ports: readonly string[];
}

export interface EngineDefinition<Name extends string = string> {
  readonly name: Name;
  /** How many ports it listens on. */
  readonly ports: number;
  /** How long it may take from its start to its first answer, on a busy machine with two cores. */
  readonly startMs: number;
  /** What makes it end without waiting for its clients; SIGTERM unless said otherwise. */
  readonly stopSignal?: NodeJS.Signals;
  /** Without one it runs natively everywhere. */
  readonly container?: Container;
  /** Brings its programs to this machine; quick when they are there. Rejects with `Unavailable`. */
  install(cache: string, say: (line: string) => void): Promise<void>;
  /** Starts it over the data that is there. The pids of its processes, the server's own first. */
  start(place: Place): Promise<readonly number[]>;
  /** Asks it as a client would; rejects while it cannot answer. */
  ask(place: Place): Promise<Answer>;
}

/** Why an engine cannot be had here, in one line. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}
