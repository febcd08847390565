import { ASK_MS } from './definition.ts';

/** The text of an answer with a good status; anything else is an error. */
export async function fetchOk(url: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(ASK_MS) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return text;
}
