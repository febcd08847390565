/** What clients hear. Texts are Socorro's to the byte: accepted ones end with a line end, refused ones do not. */
import type { FastifyReply } from 'fastify';
import { SettingsError } from '../../../lib/settings.ts';
import type { CrashId } from '../../../model/crash-id.ts';

export const ANSWER_FORMATS = ['crashid', 'id', 'hex16', 'json'] as const;
export type AnswerFormat = (typeof ANSWER_FORMATS)[number];

export interface Endpoint {
  readonly path: string;
  readonly format: AnswerFormat;
}

const isFormat = (text: string): text is AnswerFormat => (ANSWER_FORMATS as readonly string[]).includes(text);

/** `/submit` or `/submit=json`. Throws `SettingsError`. */
export function parseEndpoint(text: string): Endpoint {
  const equals = text.lastIndexOf('=');
  const path = equals < 0 ? text : text.slice(0, equals);
  const format = equals < 0 ? 'crashid' : text.slice(equals + 1);
  if (!/^\/[A-Za-z0-9._~/-]*$/.test(path)) {
    throw new SettingsError(
      `COLLECTOR_PATHS: ${text} must start with / and have only letters, digits and . _ ~ / -`,
    );
  }
  if (!isFormat(format)) {
    throw new SettingsError(
      `COLLECTOR_PATHS: ${format} is no answer; there are ${ANSWER_FORMATS.join(', ')}`,
    );
  }
  return { path, format };
}

/** The body of the answer to an upload that was kept. */
export function keptBody(id: CrashId, format: AnswerFormat): string {
  switch (format) {
    case 'crashid':
      return `CrashID=bp-${id}\n`;
    case 'id':
      return id;
    case 'hex16':
      return id.replaceAll('-', '').slice(0, 16);
    case 'json':
      return `${JSON.stringify({ id, crash_id: `bp-${id}` })}\n`;
  }
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const typeOf = (format: AnswerFormat): string =>
  format === 'json' ? 'application/json' : 'text/plain';

/** `Discarded=<reason>`, or its JSON. */
export const discardedBody = (reason: string, format: AnswerFormat): string =>
  format === 'json' ? `${JSON.stringify({ discarded: reason })}\n` : `Discarded=${reason}`;

/** How long a connection whose body was left unread stays open for the client to read its answer. */
const LINGER_MS = 2000;

export function send(reply: FastifyReply, answer: Answer, format: AnswerFormat): FastifyReply {
  reply.code(answer.status).header('content-type', typeOf(format));
  if (answer.headers) reply.headers(answer.headers);
  return reply.send(answer.body);
}

/**
 * Answers an upload of which part was left unread. The whole answer goes out first and the connection is closed
 * later: closing with unread bytes resets it, and a client that still writes would never read its crash id.
 */
export async function sendAndLinger(
  reply: FastifyReply,
  answer: Answer,
  format: AnswerFormat,
): Promise<FastifyReply> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(answer.status, {
    ...answer.headers,
    'content-type': typeOf(format),
    'content-length': Buffer.byteLength(answer.body),
    connection: 'close',
  });
  raw.write(answer.body);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, LINGER_MS);
    reply.request.raw.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  raw.end();
  return reply;
}
