import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { describe, expect, it } from 'vitest';
import { errnoOf } from '../../src/lib/errno.ts';

/** As Node makes it of what libuv says. */
const systemError = (errno: number): Error =>
  Object.assign(new Error('no'), { errno: -errno, code: getSystemErrorName(-errno), syscall: 'write' });

describe('errnoOf', () => {
  it('names what libuv has no name for', () => {
    for (const name of ['EDQUOT', 'ESTALE', 'ENOLINK'] as const)
      expect(errnoOf(systemError(constants.errno[name]))).toBe(name);
  });

  it('says what Node says otherwise, and nothing of what is no error of the system', async () => {
    const missing = await readFile('/does/not/exist').catch((error: unknown) => error);
    expect(errnoOf(missing)).toBe('ENOENT');
    expect(errnoOf(systemError(constants.errno.ENOSPC))).toBe('ENOSPC');
    expect(errnoOf(systemError(9999))).toBe('Unknown system error -9999');
    expect(errnoOf(new Error('no'))).toBeUndefined();
    expect(errnoOf({ code: 'ENOENT' })).toBeUndefined();
  });
});
