/**
 * One thread of a benchmark: runs its share of the load, and posts what it has counted.
 */

import { parentPort, workerData } from 'node:worker_threads'

import { waitingSystemClock } from '../../base/internal.ts'
import { createPlatform } from '../../engines/node/internal.ts'
import { readArguments } from '../arguments.ts'
import { benchClient, randomOf } from './bench-client.ts'
import { shareOf } from './bench-load.ts'
import { BENCH_SPEC, readBenchSettings } from './bench-options.ts'
import { startLoadMeter } from './load-meter.ts'
import { runLoad } from './run-load.ts'
import type { WorkerTask } from './run-workers.ts'
import { loadTypedRequest } from './typed/typed-request.ts'

const task = workerData as WorkerTask // what runWorkers passes
const args = readArguments(BENCH_SPEC, task.args)
if (args !== 'help') {
  const settings = readBenchSettings(args)
  const request = settings.typed === null ? null : await loadTypedRequest(settings.typed)
  const platform = createPlatform()
  const { signal } = new AbortController() // the parent ends this thread instead
  const result = await runLoad({
    load: shareOf(settings.load, task.index, task.count),
    request,
    open: benchClient(args, settings, request, platform, signal),
    clock: waitingSystemClock,
    random: randomOf(platform),
    startLoadMeter,
    signal,
  })
  parentPort?.postMessage(result)
}
