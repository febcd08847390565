/** Settings of containers whose values are stores. */
import { SettingsError } from '../../lib/settings.ts';
import { CONTAINERS } from '../container-names.ts';
import type { Store } from '../contract.ts';
import type { OpenContext } from '../definition.ts';
import { formatExpression, parseExpressionList } from '../expression.ts';

/** Opens the stores of a list such as `bucket, fallback(spare, attic)`, in order; at least `least` of them. */
export async function openChildren(
  text: string,
  context: OpenContext,
  least: number,
): Promise<readonly Store[]> {
  if (text.trim() === '')
    throw new SettingsError(`${context.name}: children is not set; name ${least} or more stores`);
  const label = `${context.name}: children`;
  const list = parseExpressionList(text, { label, containers: CONTAINERS });
  if (list.length < least)
    throw new SettingsError(`${label} names ${list.length} store; it needs ${least} or more`);
  const names = list.map(formatExpression);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) throw new SettingsError(`${label} names ${twice} twice`);
  return Promise.all(names.map((name) => context.store(name)));
}

/** Opens the store of a setting that names one. */
export async function openChild(text: string, key: string, context: OpenContext): Promise<Store> {
  if (text.trim() === '') throw new SettingsError(`${context.name}: ${key} is not set; name a store`);
  return context.store(text);
}
