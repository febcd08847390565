/** Engines as services of docker-compose.yml, where a Docker daemon answers. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Engine } from '../../test/build/engines.ts';
import type { Container } from './definition.ts';
import { must, run } from './installing.ts';
import type { Subject } from './native.ts';
import { portsFor } from './ports.ts';
import { root } from './state.ts';

/** A daemon that is there answers at once; one that hangs must not hold the tests up. */
const ANSWER_MS = 15_000;
/** From the image, which may have to be fetched, to the first answer. */
const WAIT_S = 300;

/** Does a daemon answer, and does the command know Compose? */
export async function dockerAnswers(): Promise<boolean> {
  for (const question of [['info'], ['compose', 'version']]) {
    if ((await run('docker', question, { timeout: ANSWER_MS })).status !== 0) return false;
  }
  return true;
}

/** Apart from what an operator runs of the same file, and from other clones. */
function compose(subject: Subject, ...command: readonly string[]): Promise<string> {
  const clone = createHash('sha256').update(subject.folder.path).digest('hex').slice(0, 8);
  const file = join(root, 'docker-compose.yml');
  const args = [
    'compose',
    '--file',
    file,
    '--project-name',
    `auxilio-engine-${clone}`,
    '--profile',
    'engines',
  ];
  return must('docker', [...args, ...command], publishedPorts(subject));
}

/** The variables by which docker-compose.yml lets one say where a service is published. */
function publishedPorts({ definition, folder }: Subject): Record<string, string> {
  const names = definition.container?.ports ?? [];
  return Object.fromEntries(names.map((name, index) => [name, String(folder.ports()[index] ?? '')]));
}

async function pidOf(container: string): Promise<number> {
  return Number((await must('docker', ['inspect', '--format', '{{.State.Pid}}', container])).trim());
}

async function ask(subject: Subject, container: string): Promise<Engine> {
  const { definition, folder, cache } = subject;
  const answer = await definition.ask({ folder: folder.path, cache, ports: folder.ports() });
  return { ...answer, pid: await pidOf(container) };
}

export async function composeUp(subject: Subject, { service }: Container): Promise<Engine> {
  const { definition, folder } = subject;
  const there = await composeStatus(subject);
  if (there !== undefined) return there;
  if (folder.container() === undefined) await portsFor(folder, definition.ports);
  await compose(subject, 'up', '--detach', '--wait', '--wait-timeout', String(WAIT_S), service);
  const container = (await compose(subject, 'ps', '--quiet', service)).trim();
  folder.writeContainer(container);
  return await ask(subject, container);
}

/** The engine, if it runs in a container and answers. */
export async function composeStatus(subject: Subject): Promise<Engine | undefined> {
  const container = subject.folder.container();
  return container === undefined ? undefined : await ask(subject, container).catch(() => undefined);
}

/** Stops its container; the volume stays. */
export async function composeDown(subject: Subject): Promise<void> {
  const { definition, folder } = subject;
  if (definition.container === undefined || folder.container() === undefined) return;
  await compose(subject, 'stop', definition.container.service);
  folder.writeContainer(undefined);
}
