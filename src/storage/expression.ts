/** Wiring expressions: wherever a store is named, `poly(fallback(bucket, spare), index)` may stand. */
import { nearest, SettingsError } from '../lib/settings.ts';

export type Expression =
  | { readonly kind: 'store'; readonly name: string; readonly at: number }
  | {
      readonly kind: 'container';
      readonly use: string;
      readonly children: readonly Expression[];
      readonly at: number;
    };

export interface ExpressionOptions {
  /** What the operator wrote the expression in, e.g. `COLLECTOR_STORAGE`. */
  readonly label?: string;
  /** Names that are called like functions. */
  readonly containers: readonly string[];
}

export const STORE_NAME = /^[a-z0-9]+$/;

interface Token {
  readonly text: string;
  readonly at: number;
}

/** Two lines below the message: the text on one line, one space for each that it has, and a caret under its `at`. */
export const withCaret = (message: string, text: string, at: number): string =>
  `${message}\n  ${text.replace(/\s/g, ' ')}\n  ${' '.repeat(at)}^`;

/** Deep enough for any wiring, and no deeper. */
const DEPTH_LIMIT = 32;

class Parser {
  readonly #text: string;
  readonly #options: ExpressionOptions;
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(text: string, options: ExpressionOptions) {
    this.#text = text;
    this.#options = options;
    this.#tokens = [...text.matchAll(/[A-Za-z0-9_.-]+|[^\s]/gu)].map((m) => ({ text: m[0], at: m.index }));
  }

  /** `end` or a comma-separated list up to the end of the text. */
  all(): Expression[] {
    const list = [this.#expression(0)];
    while (this.#next?.text === ',') {
      this.#position += 1;
      list.push(this.#expression(0));
    }
    const rest = this.#next;
    if (rest)
      this.#fail(rest.at, rest.text === ')' ? 'this ) closes nothing' : 'a comma is missing before this');
    return list;
  }

  get #next(): Token | undefined {
    return this.#tokens[this.#position];
  }

  #expression(depth: number): Expression {
    const token = this.#next;
    if (!token) return this.#fail(this.#text.length, 'the name of a store is missing here');
    if (!/^[A-Za-z0-9]/.test(token.text)) this.#fail(token.at, 'the name of a store is missing here');
    if (depth > DEPTH_LIMIT) this.#fail(token.at, `nested more than ${DEPTH_LIMIT} deep`);
    this.#position += 1;
    if (this.#next?.text === '(') return this.#container(token, depth);
    if (this.#options.containers.includes(token.text))
      this.#fail(token.at, `${token.text} is a container; write ${token.text}(one, another)`);
    if (!STORE_NAME.test(token.text))
      this.#fail(token.at, 'the name of a store has only the letters a-z and digits');
    return { kind: 'store', name: token.text, at: token.at };
  }

  #container({ text: use, at }: Token, depth: number): Expression {
    if (!this.#options.containers.includes(use)) {
      const near = nearest(use, this.#options.containers) ?? this.#options.containers.join(', ');
      this.#fail(at, `there is no container ${use}; did you mean ${near}?`);
    }
    const open = this.#position;
    const children: Expression[] = [];
    do {
      this.#position += 1;
      children.push(this.#expression(depth + 1));
    } while (this.#next?.text === ',');
    const close = this.#next;
    if (close?.text === ')') {
      this.#position += 1;
      return { kind: 'container', use, children, at };
    }
    if (close) return this.#fail(close.at, 'a comma or ) is missing before this');
    return this.#fail(this.#tokens[open]?.at ?? at, 'this ( is never closed');
  }

  #fail(at: number, message: string): never {
    const label = this.#options.label ? `${this.#options.label}: ` : '';
    throw new SettingsError(withCaret(`${label}${message}`, this.#text, at));
  }
}

/** One expression; throws `SettingsError` whose message shows the place with a caret. */
export function parseExpression(text: string, options: ExpressionOptions): Expression {
  const list = parseExpressionList(text, options);
  const [only, second] = list;
  if (only && !second) return only;
  const label = options.label ? `${options.label}: ` : '';
  throw new SettingsError(
    `${label}names ${list.length} stores where one is wanted; write a container around them`,
  );
}

/** `a, poly(b, c)`: at least one. */
export const parseExpressionList = (text: string, options: ExpressionOptions): Expression[] =>
  new Parser(text, options).all();

/** The expression in its one written form: equal expressions are the same store. */
export const formatExpression = (expression: Expression): string =>
  expression.kind === 'store'
    ? expression.name
    : `${expression.use}(${expression.children.map(formatExpression).join(', ')})`;
