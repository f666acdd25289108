/**
 * `towpath/vite`: WebSockets of the program on the port of Vite's development server.
 */

export { towpath } from './plugin.ts'
export type { TowpathViteOptions } from './plugin.ts'
export type { TowpathVitePlugin, ViteServerLike } from './vite-types.ts'
