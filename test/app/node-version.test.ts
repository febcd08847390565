/** The oldest Node that the program accepts is one that everything it is made of accepts. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repository } from '../build/running-auxilio.ts';

interface Package {
  readonly dev?: boolean;
  readonly engines?: { readonly node?: string };
}

const read = async (name: string): Promise<string> => readFile(join(repository, name), 'utf8');

/** The oldest version of the newest line in a range like `^18.19.0 || >=20.6.0`. */
function floorOf(range: string): readonly number[] {
  const last = range.split('||').at(-1) ?? '';
  return [...last.matchAll(/\d+/g)].slice(0, 2).map(([digits]) => Number(digits));
}

const atLeast = ([major = 0, minor = 0]: readonly number[], [a = 0, b = 0]: readonly number[]): boolean =>
  major > a || (major === a && minor >= b);

it('is the same in package.json and in the check before the start', async () => {
  const { engines } = JSON.parse(await read('package.json')) as Required<Package>;
  const [, major, minor] = /NEEDED = \[(\d+), (\d+)\]/.exec(await read('src/app/bin/node-version.ts')) ?? [];
  expect(engines.node).toBe(`>=${major}.${minor}`);
});

it('is new enough for each package that is installed with ours', async () => {
  const { engines } = JSON.parse(await read('package.json')) as Required<Package>;
  const ours = floorOf(engines.node ?? '');
  const { packages } = JSON.parse(await read('package-lock.json')) as {
    readonly packages: Readonly<Record<string, Package>>;
  };
  const asking = Object.entries(packages).filter(([path, { dev, engines }]) => path && !dev && engines?.node);
  expect(asking.length).toBeGreaterThan(20);
  expect(
    asking
      .filter(([, { engines }]) => !atLeast(ours, floorOf(engines?.node ?? '')))
      .map(([path, { engines }]) => `${path} ${engines?.node}`),
  ).toEqual([]);
});
