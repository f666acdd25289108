/**
 * The door of the engine on Node for other folders of the package.
 */

export { createPlatform } from './dialing/client.ts'
export { readDialerOptions } from './dialing/client-options.ts'
export type { DialerSettings } from './dialing/client-options.ts'
export { dialFailure } from './dialing/dial-failure.ts'
export { followSocket, hostOf, openSocket, portOf, tlsOptions } from './dialing/dial-socket.ts'
export { createEnvironment } from './environment.ts'
export { pageRequest } from './server/page-request.ts'
export { addPage } from './server/pages.ts'
export { createSilentResponse } from './upgrades/silent-response.ts'
