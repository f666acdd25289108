/**
 * What the other folders of the package use of the engine on Node, beside `index.ts`.
 */

export { createEnvironment } from './environment.ts'
export { createSilentResponse } from './upgrades/silent-response.ts'
