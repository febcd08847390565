/** One upload, from its headers to its answer. The order of the checks is Socorro's (socorro.md §4.3). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Draft, SpoolError } from '../../../spool/contract.ts';
import { type BodyLimits, type BodyResult, readBody } from '../../body-reader.ts';
import { type ContentCoding, contentCoding, SUPPORTED_CODINGS } from '../../content-coding.ts';
import type { Decision } from '../../intake.ts';
import { ClientGoneError, MalformedError, OverloadedError } from '../../malformed.ts';
import type { MemoryShare } from '../../memory-budget.ts';
import { metrics } from '../../metrics.ts';
import type { ProtocolContext } from '../../protocol.ts';
import type { CollectorSettings } from '../../settings.ts';
import { type Answer, type AnswerFormat, discardedBody, keptBody, send, sendAndLinger } from './answer.ts';
import { FormReader } from './form-reader.ts';
import { parseHeaderValue } from './header-parameters.ts';
import { MultipartScanner } from './multipart.ts';
import { MultipartError } from './multipart-error.ts';

/** RFC 2046 allows 70 characters; a longer one costs nothing up to here. */
const MAX_BOUNDARY = 256;

const bodyLimits = (s: CollectorSettings): BodyLimits => ({
  maxCompressed: s.max_compressed,
  maxUncompressed: s.max_uncompressed,
  maxRatio: s.max_ratio,
  maxDrain: s.max_drain,
  bodyTimeoutMs: s.body_timeout,
  idleTimeoutMs: s.idle_timeout,
});

/**
 * The boundary of a form. Socorro wants it to be the first parameter, and types in lower case; real clients and
 * proxies write `charset=utf-8; boundary="x"` and `Multipart/Form-Data`, which are the same. Test: submit.test.ts.
 */
function boundaryOf(contentType: string | undefined): string {
  if (contentType === undefined || contentType.trim() === '') throw new MalformedError('no_content_type');
  const { value, parameters } = parseHeaderValue(contentType);
  if (value !== 'multipart/form-data' && value !== 'multipart/mixed') {
    throw new MalformedError('wrong_content_type');
  }
  const boundary = parameters.get('boundary') ?? '';
  if (boundary === '' || boundary.length > MAX_BOUNDARY) throw new MalformedError('no_boundary');
  return boundary;
}

export class Submission {
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #format: AnswerFormat;
  readonly #context: ProtocolContext;
  readonly #memory: MemoryShare;
  readonly #startedAt = performance.now();
  #draft: Draft | undefined;
  #form: FormReader | undefined;
  #drained = true;

  constructor(request: FastifyRequest, reply: FastifyReply, format: AnswerFormat, context: ProtocolContext) {
    this.#request = request;
    this.#reply = reply;
    this.#format = format;
    this.#context = context;
    this.#memory = context.memory.share();
  }

  async run(): Promise<FastifyReply> {
    try {
      const answer = await this.#receive();
      return this.#drained
        ? send(this.#reply, answer, this.#format)
        : await sendAndLinger(this.#reply, answer, this.#format);
    } catch (error) {
      await this.#draft?.abandon();
      return this.#fail(error);
    } finally {
      this.#memory.close();
      metrics.observe('collector_upload_seconds', (performance.now() - this.#startedAt) / 1000);
    }
  }

  async #receive(): Promise<Answer> {
    const { headers } = this.#request.raw;
    const boundary = boundaryOf(headers['content-type']);
    const length = headers['content-length'];
    if (headers['transfer-encoding'] === undefined && (length === undefined || Number(length) === 0)) {
      throw new MalformedError('no_content_length');
    }
    const coding = contentCoding(headers['content-encoding']);
    if (coding && !this.#memory.take(coding.memory)) throw new OverloadedError('no memory for a decoder');
    const { form, draft } = this.#open();
    const body = await this.#read(form, boundary, coding);
    this.#drained = body.drained;
    this.#measure(body, coding);
    if (body.error instanceof MultipartError) {
      throw new MalformedError('invalid_payload_structure', { cause: body.error });
    }
    if (body.error !== undefined) throw body.error;
    form.annotations.mergeQuery(this.#query());
    form.finish();
    const decision = await this.#context.intake.take({
      annotations: form.annotations.values,
      notes: form.notes,
      payload: form.payload,
      compressed: coding !== undefined,
      size: body.received,
      userAgent: headers['user-agent'] ?? '',
      truncated: form.truncated,
      authorization: headers.authorization,
      draft,
    });
    return this.#answer(decision);
  }

  #open(): { readonly form: FormReader; readonly draft: Draft } {
    const { spool } = this.#context.deps;
    const s = this.#context.settings;
    const draft = spool.begin();
    this.#draft = draft;
    const limits = {
      maxParts: s.max_parts,
      maxDumps: s.max_dumps,
      maxDump: s.max_dump,
      maxAnnotation: s.max_annotation,
      maxAnnotations: s.max_annotations,
      maxAnnotationsSize: s.max_annotations_size,
    };
    const form = new FormReader(draft, limits, this.#memory, spool.state().room === 'all');
    this.#form = form;
    return { form, draft };
  }

  async #read(form: FormReader, boundary: string, coding: ContentCoding | undefined): Promise<BodyResult> {
    const scanner = new MultipartScanner(boundary, form, {
      maxHeaderBytes: this.#context.settings.max_part_header,
    });
    const consume = (chunk: Buffer): Promise<void> | undefined => {
      scanner.write(chunk);
      return form.flush();
    };
    const body = await readBody(this.#request.raw, coding, consume, bodyLimits(this.#context.settings));
    if (body.limit !== undefined) await form.cut(body.limit);
    else if (body.error === undefined) scanner.end();
    return body;
  }

  #measure(body: BodyResult, coding: ContentCoding | undefined): void {
    metrics.observe('collector_crash_size_bytes', body.received, { payload: 'wire' });
    if (!coding) return;
    metrics.observe('collector_crash_size_bytes', body.uncompressed, { payload: 'uncompressed' });
    const failed = body.error instanceof MalformedError && body.error.reason === coding.malformed;
    metrics.count('collector_decompressed_total', {
      coding: coding.name,
      result: failed ? 'fail' : 'success',
    });
  }

  #query(): URLSearchParams {
    const url = this.#request.raw.url ?? '';
    const mark = url.indexOf('?');
    return new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
  }

  #answer(decision: Decision): Answer {
    switch (decision.kind) {
      case 'kept':
        return { status: 200, body: keptBody(decision.id, this.#format) };
      case 'rejected':
        return { status: 200, body: discardedBody(`rule_${decision.rule}`, this.#format) };
      case 'discarded':
        return { status: 200, body: discardedBody('1', this.#format) };
      case 'unauthorized_uuid':
        return { status: 401, body: discardedBody('unauthorized_uuid', this.#format) };
      case 'invalid_uuid':
        metrics.count('collector_malformed_total', { reason: 'invalid_uuid' });
        return { status: 400, body: discardedBody('malformed_invalid_uuid', this.#format) };
      case 'unavailable':
        return this.#comeBack();
    }
  }

  #comeBack(): Answer {
    const seconds = Math.ceil(this.#context.settings.retry_after / 1000);
    return { status: 503, body: '', headers: { 'retry-after': String(seconds) } };
  }

  async #fail(error: unknown): Promise<FastifyReply> {
    const { intake } = this.#context;
    const seen = this.#form?.annotations.values;
    if (error instanceof MalformedError || error instanceof MultipartError) {
      const reason = error instanceof MalformedError ? error.reason : 'invalid_payload_structure';
      metrics.count('collector_malformed_total', { reason });
      intake.refuse(`malformed_${reason}`, seen);
      const unsupported = reason === 'unsupported_encoding';
      return this.#refuse({
        status: unsupported ? 415 : 400,
        body: discardedBody(`malformed_${reason}`, this.#format),
        ...(unsupported ? { headers: { 'accept-encoding': SUPPORTED_CODINGS } } : {}),
      });
    }
    if (error instanceof ClientGoneError) {
      metrics.count('collector_client_gone_total');
      intake.refuse('client_gone', seen);
      return this.#reply.hijack();
    }
    if (error instanceof SpoolError) {
      intake.unsaved(error, seen);
      return this.#refuse(this.#comeBack());
    }
    if (error instanceof OverloadedError) {
      this.#context.deps.log.warn({ err: error }, 'an upload was sent away');
      intake.refuse('overloaded', seen);
      return this.#refuse(this.#comeBack());
    }
    intake.refuse('internal', seen);
    throw error;
  }

  #refuse(answer: Answer): FastifyReply | Promise<FastifyReply> {
    return this.#drained
      ? send(this.#reply, answer, this.#format)
      : sendAndLinger(this.#reply, answer, this.#format);
  }
}
