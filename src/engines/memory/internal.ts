/** The engine in memory, which the testing package is built on. */

export { MemoryLink } from './memory-link.ts'
export type { MemoryLinkOptions } from './memory-link.ts'
export type { PipeFaults } from './memory-pipe.ts'
