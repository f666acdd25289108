/**
 * Shares the load of a benchmark among threads.
 */

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import { CommandEnd, ExitCode } from '../exit-code.ts'
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
 *   thread; {CommandEnd} for a thread that ends without a result.
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
        const posted = once(worker, 'message', { signal }) as Promise<[LoadResult]> // it posts it
        const [result] = await Promise.race([posted, earlyEnd(worker, signal)])
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

/** A module of the user runs in the thread, and may end it. */
async function earlyEnd(worker: Worker, signal: AbortSignal): Promise<never> {
  const [code] = (await once(worker, 'exit', { signal })) as [number] // its arguments
  throw new CommandEnd(
    ExitCode.FAILED,
    `Cannot finish: a thread ended with exit code ${code} before it had a result`,
  )
}
