/** A small HTTP server that answers as a test says. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { listening } from '../../build/listening.ts';

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON unless it is text. */
  readonly body?: unknown;
  /** Ends the connection after so many bytes of the body. */
  readonly cutAt?: number;
}

export interface FeedServer {
  readonly url: URL;
  readonly asked: Asked[];
}

/** Ends with the test. Undefined never answers. */
export async function feedServer(
  answer: (asked: Asked, index: number) => Answer | undefined,
): Promise<FeedServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
      const body = Buffer.concat(chunks).toString();
      const one = { method: request.method ?? '', url, headers: request.headers, body };
      asked.push(one);
      const answered = answer(one, asked.length - 1);
      if (answered) send(response, answered);
    });
  });
  const { url, close } = await listening(server);
  onTestFinished(close);
  return { url: new URL(url), asked };
}

function send(response: ServerResponse, { status = 200, headers = {}, body, cutAt }: Answer): void {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const bytes = Buffer.from(text);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
    ...headers,
  });
  if (cutAt === undefined) response.end(bytes);
  else response.write(bytes.subarray(0, cutAt), () => response.destroy());
}

/** An entity tag as servers make them: of the content. */
export const withTag = (asked: Asked, tag: string, body: unknown): Answer =>
  asked.headers['if-none-match'] === tag
    ? { status: 304, headers: { etag: tag } }
    : { headers: { etag: tag }, body };
