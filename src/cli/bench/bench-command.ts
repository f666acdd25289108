/**
 * `towpath bench`: puts load on a server by a schedule, and checks every message.
 */

import type { Arguments } from '../arguments.ts'
import type { Command } from '../command.ts'
import { CommandLimits } from '../command-limits.ts'
import { CommandEnd, ExitCode } from '../exit-code.ts'
import { Outlet } from '../outlet.ts'
import { printableUrl } from '../printable.ts'
import { ReportFile } from '../report-file.ts'
import { readTargetOptions } from '../wire/target-options.ts'
import type { World } from '../world.ts'
import { benchClient, randomOf } from './bench-client.ts'
import { BENCH_SPEC, type BenchSettings, readBenchSettings } from './bench-options.ts'
import { benchLines } from './bench-report.ts'
import {
  type BenchResult,
  isCorrect,
  type LoadResult,
  mergeResults,
  valueOf,
} from './bench-result.ts'
import { htmlReport } from './html-report.ts'
import { bottleneckOf } from './load-meter.ts'
import { runLoad } from './run-load.ts'
import { runWorkers } from './run-workers.ts'
import { loadTypedRequest } from './typed/typed-request.ts'

/** The command. */
export const benchCommand: Command = {
  spec: BENCH_SPEC,
  async run(args, world) {
    const settings = readBenchSettings(args)
    readTargetOptions(args, settings.url) // is checked before a thread starts
    const report = settings.reportFile === null ? null : new ReportFile(settings.reportFile)
    using limits = new CommandLimits(world, settings.timeout)
    using outlet = new Outlet(world.stdout, limits)
    const result = mergeResults(await measure(args, settings, world, limits))
    if (limits.end !== null) throw limits.end
    const { firstFailure, counts } = result
    if (counts.opened === 0 && firstFailure !== null) {
      // The codes of `failureOf`.
      throw new CommandEnd(firstFailure.exitCode as ExitCode, firstFailure.message)
    }
    const { load, isJson, url } = settings
    const warning = bottleneckOf(result.tool)
    const json = {
      url: printableUrl(url),
      ...load,
      ...result,
      warning,
      isCorrect: isCorrect(result),
    }
    const text = isJson ? JSON.stringify(json, null, 2) : benchLines(load, result).join('\n')
    await outlet.line(text)
    limits.throwIfFailed()
    report?.write(htmlReport(printableUrl(url), load, result))
    return exitCodeOf(settings, result)
  },
}

async function measure(
  args: Arguments,
  settings: BenchSettings,
  world: World,
  { end, signal }: CommandLimits,
): Promise<readonly LoadResult[]> {
  if (end !== null) throw end
  // Is checked before a thread starts.
  const request = settings.typed === null ? null : await loadTypedRequest(settings.typed)
  signal.throwIfAborted()
  if (settings.workers > 1) return runWorkers(args.source, settings.workers, signal)
  const result = await runLoad({
    load: settings.load,
    request,
    open: benchClient(args, settings, request, world.platform, signal),
    clock: world.clock,
    random: randomOf(world.platform),
    startLoadMeter: world.startLoadMeter,
    signal,
  })
  return [result]
}

/** @throws {CommandEnd} if a message or a connection was lost, or if a threshold does not hold. */
function exitCodeOf({ thresholds }: BenchSettings, result: BenchResult): number {
  const broken = thresholds.filter(({ holds, name }) => !holds(valueOf(result, name)))
  const [first] = broken
  if (first !== undefined) {
    const value = Number(valueOf(result, first.name).toFixed(3))
    throw new CommandEnd(
      ExitCode.FAILED,
      `Cannot accept the result: ${first.name} is ${value}, expected ${first.text}`,
    )
  }
  if (isCorrect(result)) return ExitCode.OK
  const why = result.firstFailure === null ? '' : `: ${result.firstFailure.message}`
  throw new CommandEnd(
    ExitCode.FAILED,
    `Cannot accept the result: messages or connections were lost or changed${why}`,
  )
}
