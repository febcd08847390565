/** What the original's debug log says of a signature, from its trace: made only when somebody asks for it. */
import type { FrameVerdict, SignatureResult, SignatureTrace } from './trace.ts';

const STACK = 'SignatureGenerationRule';

const SAID: Readonly<Partial<Record<FrameVerdict['verdict'], (frame: string) => string>>> = {
  empty: () => 'empty string; ignoring: ""',
  irrelevant: (frame) => `irrelevant; ignoring: "${frame}"`,
  repeated: (frame) => `same as the frame before; ignoring: "${frame}"`,
  kept: (frame) => `prefix; continue iterating: "${frame}"`,
  stopped: (frame) => `not a prefix; stop: "${frame}"`,
};

function stackLines(trace: SignatureTrace, lists: string): readonly string[] {
  if (trace.tool !== 'c') return [];
  const { sentinel } = trace;
  const start = sentinel && trace.frames.find(({ index }) => index === sentinel.index);
  return [
    lists,
    ...(sentinel ? [`sentinel; starting at "${start?.frame ?? ''}" index ${sentinel.index}`] : []),
    ...trace.frames.flatMap(({ verdict, frame }) => SAID[verdict]?.(frame) ?? []),
  ];
}

/** `lists` says where the lists are from: `using included signature lists` or `using signature lists from DIR`. */
export function debugLog({ trace }: SignatureResult, lists: string): readonly string[] {
  return [
    ...stackLines(trace, lists).map((line) => `${STACK}: ${line}`),
    ...trace.steps.map(({ rule, from, to }) => `${rule}: change signature: "${from}" -> "${to}"`),
  ];
}
