/** How many characters a part of a pattern takes: Python wants to know it of a look-behind, JavaScript does not. */
import type { Quantifier } from './regex-quantifier.ts';

export interface Width {
  readonly least: number;
  readonly most: number;
}

export const NOTHING: Width = { least: 0, most: 0 };
export const ONE: Width = { least: 1, most: 1 };

export const plus = (a: Width, b: Width): Width => ({ least: a.least + b.least, most: a.most + b.most });

export const either = (a: Width, b: Width): Width => ({
  least: Math.min(a.least, b.least),
  most: Math.max(a.most, b.most),
});

export const times = ({ least, most }: Width, quantifier: Quantifier): Width => ({
  least: least * quantifier.least,
  // Nothing is nothing, however often.
  most: most === 0 ? 0 : most * quantifier.most,
});
