/** An HTTP server that says what a test tells it to, where a real one cannot be made to, and what it heard. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { listening } from './listening.ts';

export interface Heard {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Called when the whole body is there. */
export type Answering = (heard: Heard, response: ServerResponse) => void;

export interface SaidServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a slash at its end. */
  readonly url: string;
  readonly heard: Heard[];
  answer: Answering;
  close(): Promise<void>;
}

/** Whoever asks for it closes it. */
export async function saidServer(answer: Answering): Promise<SaidServer> {
  const heard: Heard[] = [];
  const said: { answer: Answering } = { answer };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks) };
      heard.push(one);
      said.answer(one, response);
    });
  });
  return Object.assign(said, { heard }, await listening(server));
}
