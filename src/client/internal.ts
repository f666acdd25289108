/**
 * The door of clients for other folders of the package.
 */

export { createClient } from './client.ts'
export type { ClientPlatform } from './client.ts'
export { CLIENT_OPTION_NAMES, readClientOptions } from './opening/client-options.ts'
export type { ClientSettings } from './opening/client-options.ts'
export type {
  Bootstrap,
  DialAnswered,
  Dialer,
  DialOutcome,
  DialRequest,
  DialSwitched,
} from './opening/dialer.ts'
export type { NetworkStep } from './opening/errors.ts'
export { openSession } from './opening/open-session.ts'
export type { OpeningExtras } from './opening/open-session.ts'
export type { OpenedSession } from './opening/opened-session.ts'
export { isReservedHeader } from './opening/request-headers.ts'
