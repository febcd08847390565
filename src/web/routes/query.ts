/** What addresses carry, parsed. */
import type { FastifyRequest } from 'fastify';
import { type CrashId, dayOf, parseCrashId } from '../../model/crash-id.ts';
import { PageError } from '../page-error.ts';

const MAX_VALUE = 2048;
const MAX_VALUES = 20;

/** All values of a parameter, empty ones left out. */
export function values(request: FastifyRequest, name: string): readonly string[] {
  const query = request.query as Readonly<Record<string, unknown>>;
  const given = Object.hasOwn(query, name) ? [query[name]].flat() : [];
  const texts = given.filter((one): one is string => typeof one === 'string' && one.trim() !== '');
  if (texts.length > MAX_VALUES || texts.some((text) => text.length > MAX_VALUE || text.includes('\0')))
    throw new PageError(400, 'Bad request', `The parameter ${name} is too long or has a NUL in it.`);
  return texts;
}

export const value = (request: FastifyRequest, name: string): string | undefined => values(request, name)[0];

/** A whole number from `min` to `max`, or `otherwise` when it is not given. */
export function whole(
  request: FastifyRequest,
  name: string,
  range: { readonly min: number; readonly max: number; readonly otherwise: number },
): number {
  const text = value(request, name);
  if (text === undefined) return range.otherwise;
  const given = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(given >= range.min && given <= range.max)) {
    throw new PageError(
      400,
      'Bad request',
      `${name} must be a whole number from ${range.min} to ${range.max}.`,
    );
  }
  return given;
}

/** The id that a person means by a text; its last six digits must be a date (socorro.md §1.5). */
export function findCrashId(text: string): CrashId | undefined {
  const id = parseCrashId(text.trim());
  return id !== undefined && dayOf(id) !== undefined ? id : undefined;
}

/** The crash id in the path, bare; a page with 400 when it is none. */
export function crashIdOf(request: FastifyRequest): { readonly id: CrashId; readonly prefixed: boolean } {
  const given = (request.params as Readonly<Record<string, string>>)['id'] ?? '';
  const id = /^(bp-)?[0-9a-f-]{36}$/.test(given) ? findCrashId(given) : undefined;
  if (!id)
    throw new PageError(
      400,
      'Invalid crash ID',
      'A crash id looks like de1bb258-cbbf-4589-a673-34f800160918; bp- may stand before it.',
    );
  return { id, prefixed: given.startsWith('bp-') };
}
