/** `auxilio/signature`: the generator as a library. */
export { toCrashData } from './convert.ts';
export type { CrashData, CrashDataFrame, CrashDataThread } from './crash-data.ts';
export { GENERATOR_VERSION, SignatureGenerator } from './generator.ts';
export { loadLists, type SignatureLists } from './lists.ts';
export type { FrameVerdict, ListLine, SignatureResult, SignatureStep, SignatureTrace } from './trace.ts';
