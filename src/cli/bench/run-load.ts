/**
 * Runs the load of one thread.
 */

import type { Clock } from '../../base/index.ts'
import { delayOn } from '../../base/internal.ts'
import { ExitCode } from '../exit-code.ts'
import type { BenchLoad } from './bench-load.ts'
import type { LoadResult, StormCounts } from './bench-result.ts'
import { Fleet, type OpenConnection } from './fleet.ts'
import { Histogram } from './histogram.ts'
import type { LoadMeter } from './load-meter.ts'
import type { LoadRun, RunCounts } from './runs/load-run.ts'
import { MessageRun } from './runs/message-run.ts'
import { RequestRun } from './runs/request-run.ts'
import { runStorm } from './runs/storm-run.ts'
import type { TypedRequest } from './typed/typed-request.ts'

/** What a load needs. */
export interface LoadParts {
  readonly load: BenchLoad
  /** The request to send; `null`: plain messages. */
  readonly request: TypedRequest | null
  readonly open: OpenConnection
  readonly clock: Clock
  /** Returns a number from 0 to 1. */
  readonly random: () => number
  readonly startLoadMeter: () => LoadMeter
  readonly signal: AbortSignal
}

const NO_MESSAGES: RunCounts = {
  sent: 0,
  unsent: 0,
  received: 0,
  lost: 0,
  duplicate: 0,
  reordered: 0,
  corrupt: 0,
  errors: 0,
}

/** @throws (by rejecting) the reason of `signal`. */
export async function runLoad(parts: LoadParts): Promise<LoadResult> {
  const { load, open, clock, random, signal } = parts
  const fleet = new Fleet(open, clock)
  await fleet.openAll(load.connections, load.ramp, signal)
  const opened = fleet.sessions.length
  const meter = parts.startLoadMeter()
  const run = opened === 0 ? null : loadRunOf(parts, fleet)
  const storms: StormCounts[] = []
  if (run !== null) await run.run(signal)
  else if (opened > 0 && load.mode === 'idle') await delayOn(clock, load.duration, [signal])
  else if (opened > 0) {
    for (const jitter of [false, true]) {
      storms.push(await runStorm({ fleet, clock, random, limit: load.duration, signal }, jitter))
    }
  }
  const tool = meter.stop()
  const { closed } = fleet
  await fleet.closeAll()
  return {
    counts: { ...(run?.counts ?? NO_MESSAGES), opened, failed: fleet.failed, closed },
    firstFailure: fleet.firstFailure ?? requestFailure(run),
    errors: run?.errors ?? {},
    latency: (run?.latency ?? new Histogram()).data,
    connect: fleet.connect.data,
    seconds: run?.timeline.seconds ?? [],
    storms,
    tool,
  }
}

function loadRunOf({ load, clock, random, request }: LoadParts, fleet: Fleet): LoadRun | null {
  if (request !== null) return new RequestRun(fleet.sessions, request, load, clock)
  if (load.mode === 'idle' || load.mode === 'storm') return null
  return new MessageRun(fleet.sessions, load, clock, Math.floor(random() * 2 ** 32))
}

function requestFailure(run: LoadRun | null): LoadResult['firstFailure'] {
  const message = run?.firstError ?? null
  return message === null ? null : { exitCode: ExitCode.FAILED, message }
}
