/** The units in config/systemd: systemd understands them, what they run is there, and little is open to them. */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { repository } from '../build/running-auxilio.ts';
import { faultOfCommand, unknownKeys } from './commands.ts';

const INSTANCES = ['collector', 'processor', 'crontabber', 'web', 'up'];
const units = join(repository, 'config/systemd');
const template = readFileSync(join(units, 'auxilio@.service'), 'utf8');
const loop = readFileSync(join(units, 'auxilio@crontabber.service.d/loop.conf'), 'utf8');

/** The units with a program that is on this machine: systemd looks for it. */
const folder = mkdtempSync(join(tmpdir(), 'auxilio-units-'));
cpSync(units, folder, { recursive: true });
for (const file of globSync(join(folder, '**/*.{service,conf}')))
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replaceAll('ExecStart=auxilio', `ExecStart=${process.execPath}`),
  );
for (const instance of INSTANCES)
  cpSync(join(folder, 'auxilio@.service'), join(folder, `auxilio@${instance}.service`));
afterAll(() => rmSync(folder, { recursive: true }));

const analyze = (...args: readonly string[]): { readonly status: number | null; readonly output: string } => {
  const ran = spawnSync('systemd-analyze', args, { cwd: folder, encoding: 'utf8' });
  return { status: ran.status, output: `${ran.stdout}${ran.stderr}` };
};
const there = spawnSync('systemd-analyze', ['--version']).status === 0;
const reason = there ? '' : ' (skipped: no systemd-analyze here)';

/** Above this, `systemd-analyze security` no longer says OK. */
const EXPOSURE = '2.0';

describe('the units', () => {
  it('run commands that there are', async () => {
    expect(template).toContain('\nExecStart=auxilio %i\n');
    for (const instance of INSTANCES) expect(await faultOfCommand(instance)).toBeUndefined();
    const [line = ''] = /(?<=^ExecStart=auxilio ).+$/m.exec(loop) ?? [];
    expect(line).toBe('crontabber --loop');
    expect(await faultOfCommand(line)).toBeUndefined();
  });

  it('set what can be set', () => {
    const [line = ''] = /(?<=^Environment=).+$/m.exec(template) ?? [];
    const keys = line.split(' ').map((pair) => pair.split('=')[0] ?? '');
    expect(keys).toEqual(['DATA_DIR', 'AUXILIO_CONFIG_DIR', 'NODE_ENV']);
    expect(unknownKeys(keys)).toEqual([]);
  });

  it('come back, and are not root', () => {
    expect(template).toMatch(/^Restart=always$/m);
    expect(template).toMatch(/^User=auxilio$/m);
    expect(template).toMatch(/^NoNewPrivileges=yes$/m);
    const users = readFileSync(join(units, 'auxilio.sysusers'), 'utf8');
    expect(users).toMatch(/^u auxilio - "[^"]+" \/var\/lib\/auxilio$/m);
  });

  it('leave the program what it needs', () => {
    // V8 writes the code that it runs; leases look up the boot id, which ProcSubset=pid hides.
    expect(template).not.toMatch(/^(MemoryDenyWriteExecute|ProcSubset)=/m);
  });

  it.skipIf(!there).each(INSTANCES)(`%s is understood by systemd${reason}`, (instance) => {
    expect(analyze('verify', '--man=no', `./auxilio@${instance}.service`)).toEqual({ status: 0, output: '' });
  });

  it.skipIf(!there)(`are hardly exposed${reason}`, () => {
    const { status, output } = analyze(
      'security',
      '--offline=true',
      '--no-pager',
      `--threshold=${Number(EXPOSURE) * 10}`,
      './auxilio@collector.service',
    );
    expect([status, /Overall exposure level.*/.exec(output)?.[0]]).toEqual([
      0,
      expect.stringContaining('OK'),
    ]);
  });
});
