/** What each SQL engine says in a way of its own; all else of a search is the same statement in both. */
import type { RawBuilder } from 'kysely';
import type { Scalar } from '../../search/values.ts';
import type { FieldColumn } from './field-columns.ts';

export type Expression = RawBuilder<unknown>;
/** An expression that is true, false or null. */
export type Condition = RawBuilder<unknown>;

/** `value` is text, a column or an element of a list; `text` is what is looked for in it. Case counts unless told otherwise. */
export interface SearchDialect {
  /** A parameter. */
  operand(value: Scalar): Expression;
  contains(value: Expression, text: string): Condition;
  starts(value: Expression, text: string): Condition;
  ends(value: Expression, text: string): Condition;
  /** The same but for the case of ASCII letters. */
  sameTerm(value: Expression, text: string): Condition;
  /** Every word of `text` is among `words`: what `FieldColumn.wordsColumn` has, or the text where there is none. */
  hasWords(words: Expression, text: string): Condition;
  /** The elements of a JSON array, each a row with the column `value`: what stands in `from`. */
  elements(json: Expression, table: string): Expression;
  /** The element in the hands of `elements`, as a column keeps values of the field. */
  element(field: FieldColumn, table: string): Expression;
  /** What `->>` gives of JSON, as a column keeps values of the field. */
  asKept(field: FieldColumn, value: Expression): Expression;
  /** Where the bar of a histogram begins that a date, ISO text, lies in; as ISO text. */
  readonly bars: { readonly [I in 'hour' | 'day' | 'week']: (value: Expression) => Expression };
  /** What a hit or a row shows of the value of the field's column; null of null. */
  show(field: FieldColumn): (stored: unknown) => unknown;
}
