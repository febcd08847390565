/** What `auxilio/signature` has wherever it runs: nothing here or below imports a module of Node. */
export { DependencyError } from '../lib/toposort.ts';
export { toCrashData } from './convert.ts';
export type { CrashData, CrashDataFrame, CrashDataThread } from './crash-data.ts';
export { defaultRules } from './default-rules.ts';
export {
  type ExplainedFrame,
  type ExplainedLine,
  type Explanation,
  explainSignature,
  parseTrace,
} from './explanation.ts';
export { explanationText } from './explanation-text.ts';
export {
  GENERATOR_VERSION,
  type GenerateOptions,
  type GeneratorOptions,
  SignatureGenerator,
} from './generator.ts';
export type { BugReference } from './list-text.ts';
export { ListError, type ListTexts, type SignatureLists } from './lists.ts';
export { defineSignatureRule, type SignatureContext, type SignatureRule } from './rule.ts';
export { readStackText } from './stack-text.ts';
export type { FrameVerdict, ListLine, SignatureResult, SignatureStep, SignatureTrace } from './trace.ts';
