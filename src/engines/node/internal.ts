/**
 * The door of the engine on Node for other folders of the package.
 */

export { createPlatform } from './dialing/client.ts'
export { createEnvironment } from './environment.ts'
export { pageRequest } from './server/page-request.ts'
export { addPage } from './server/pages.ts'
export { createSilentResponse } from './upgrades/silent-response.ts'
