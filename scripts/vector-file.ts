/** Reads vectors as Python would: tells 1.0 from 1 and keeps the digits of long integers. */
import { PythonFloat } from '../src/signature/python-values.ts';

/** The type of TypeScript's library has no third argument yet. */
const parseJson = JSON.parse as (
  json: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;

/** Throws `SyntaxError`. */
export const readVectors = (json: string): unknown =>
  parseJson(json, (_key, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value;
    if (/[.eE]/.test(source)) return new PythonFloat(value);
    return Number.isSafeInteger(value) ? value : BigInt(source);
  });
