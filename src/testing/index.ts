/**
 * `towpath/testing`: applications under test, in memory, in virtual time, on a network that fails on demand.
 */

export type { ConnectOptions } from './connect-options.ts'
export { HandlersStillRunningError, UpgradeRefusedError } from './errors.ts'
export type { FaultOptions, NetworkFaults, PieceSizes } from './network-faults.ts'
export type {
  BytePeer,
  ConversationBlock,
  TestApplication,
  TestCall,
  TestConnection,
  TestRawSession,
  TestSession,
} from './test-application.ts'
export type { TestResponse } from './test-response.ts'
export { withTestApplication } from './with-test-application.ts'
export type { TestApplicationOptions, TestBlock } from './with-test-application.ts'
