/**
 * The load that a benchmark puts on a server.
 */

/** What a benchmark does. */
export type BenchMode = 'echo' | 'fan' | 'idle' | 'storm' | 'upload'

/** The load of one thread: plain data. Times are in milliseconds. */
export interface BenchLoad {
  readonly mode: BenchMode
  readonly connections: number
  /** Messages a second. */
  readonly rate: number
  readonly duration: number
  readonly ramp: number
  readonly size: number
  readonly isText: boolean
  readonly drain: number
}

/**
 * Returns the part of one of `count` threads.
 *
 * @param index from 0.
 */
export function shareOf(load: BenchLoad, index: number, count: number): BenchLoad {
  const connections =
    Math.floor(load.connections / count) + (index < load.connections % count ? 1 : 0)
  return { ...load, connections, rate: (load.rate * connections) / load.connections }
}
