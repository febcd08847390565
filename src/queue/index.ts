/** `auxilio/queue`: what a queue from outside is written and tested against. */
export type { Case, OpenedQueue, QueueHarness, Runner } from './conformance/harness.ts';
export { queueSuite } from './conformance/suite.ts';
export * from './contract.ts';
export {
  defineQueue,
  type QueueBackend,
  type QueueContext,
  type QueueDefinition,
} from './definition.ts';
export { type Claim, Dispatcher, type DispatcherParts, type TaskSource } from './dispatcher.ts';
export { type DeliverySettings, deliverySchema } from './settings.ts';
