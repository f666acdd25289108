/**
 * `towpath/testing`: applications under test, in memory, in virtual time, on a network that fails
 * on demand.
 */

export { ClientClosedError, ConnectError, UpgradeRefusedError } from '../client/index.ts'
export type { ConnectOptions, RawConnectOptions } from './connect-options.ts'
export { HandlersStillRunningError } from './errors.ts'
export type { FaultOptions, NetworkFaults, PieceSizes, TestNetwork } from './network-faults.ts'
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
export { withTestApplications } from './with-test-applications.ts'
