/**
 * The door of the engine on Node for other folders of the package.
 */

export { createPlatform } from './dialing/client.ts'
export { createEnvironment } from './environment.ts'
export { createSilentResponse } from './upgrades/silent-response.ts'
