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
  let said = '';
  await eventually(
    () => `an empty queue (the last answer: ${said})`,
    async () => {
      const { code, stdout, stderr } = await runAuxilio(['queue', 'depth', '--format', 'json'], options);
      said = stdout + stderr;
      // The engine may be on its way back.
      if (code !== 0) return undefined;
      const lanes = JSON.parse(stdout) as readonly { readonly lane: string; readonly tasks: number }[];
      const left = lanes.filter(({ lane, tasks }) => LANES.some((known) => known === lane) && tasks > 0);
      return left.length === 0 ? true : undefined;
    },
    limitMs,
  );
}
