/**
 * The engine in memory: what the testing package builds on.
 */

export { MemoryLink } from './memory-link.ts'
export type { MemoryLinkOptions } from './memory-link.ts'
export type { PipeFaults } from './memory-pipe.ts'
