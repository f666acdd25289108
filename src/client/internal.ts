/**
 * What the other folders of the package use of clients, beside `index.ts`.
 */

export { createClient } from './client.ts'
export type { ClientPlatform } from './client.ts'
export { CLIENT_OPTION_NAMES, readClientOptions } from './client-options.ts'
export type { ClientSettings } from './client-options.ts'
export type { DialAnswered, Dialer, DialOutcome, DialRequest, DialSwitched } from './dialer.ts'
export type { NetworkStep } from './errors.ts'
export { openSession } from './open-session.ts'
export type { OpeningExtras } from './open-session.ts'
export type { OpenedSession } from './opened-session.ts'
export { isReservedHeader } from './request-headers.ts'
