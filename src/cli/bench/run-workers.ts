/**
 * Shares the load of a benchmark among threads.
 */

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import type { LoadResult } from './bench-result.ts'

/** What a thread is started with. */
export interface WorkerTask {
  /** The arguments of the command. */
  readonly args: readonly string[]
  /** From 0. */
  readonly index: number
  readonly count: number
}

/** The compiled file in the package. */
const BENCH_WORKER = new URL('./bench-worker.js', import.meta.url)

/**
 * Runs `count` threads to their end.
 *
 * @param file the module that each thread runs.
 * @throws (by rejecting) the reason of `signal`, after all threads have ended; the error of a
 *   thread.
 */
export async function runWorkers(
  args: readonly string[],
  count: number,
  signal: AbortSignal,
  file: URL = BENCH_WORKER,
): Promise<readonly LoadResult[]> {
  const workers = Array.from({ length: count }, (_, index) => {
    return new Worker(file, { workerData: { args, index, count } satisfies WorkerTask })
  })
  try {
    return await Promise.all(
      workers.map(async (worker) => {
        const [result] = (await once(worker, 'message', { signal })) as [LoadResult] // it posts it
        return result
      }),
    )
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}
