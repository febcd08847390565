/** Waits until everything that was uploaded has been stored, queued and processed. */
import { LANES } from '../../src/queue/contract.ts';
import { eventually, type RunningAuxilio, runAuxilio, type StartOptions } from './running-auxilio.ts';

async function metric({ collectorUrl }: RunningAuxilio, name: string): Promise<number> {
  const text = await (await fetch(`${collectorUrl.replace('/submit', '')}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1] ?? Number.NaN);
}

/** The spool and the lanes are empty; nothing is in hand. */
export async function emptied(
  auxilio: RunningAuxilio,
  options: StartOptions,
  limitMs: number,
): Promise<void> {
  await eventually(
    'an empty spool',
    async () => ((await metric(auxilio, 'auxilio_spool_entries')) === 0 ? true : undefined),
    limitMs,
  );
  await eventually(
    'an empty queue',
    async () => {
      const { stdout } = await runAuxilio(['queue', 'depth', '--format', 'json'], options);
      const lanes = JSON.parse(stdout) as readonly { readonly lane: string; readonly tasks: number }[];
      const left = lanes.filter(({ lane, tasks }) => LANES.some((known) => known === lane) && tasks > 0);
      return left.length === 0 ? true : undefined;
    },
    limitMs,
  );
}
