/**
 * `towpath check`: the conformance of a server, or of a client.
 */

import type { Clock } from '../../base/index.ts'
import { Deferred } from '../../base/internal.ts'
import type { Arguments } from '../arguments.ts'
import type { Command } from '../command.ts'
import { CommandLimits } from '../command-limits.ts'
import { CommandEnd, ExitCode } from '../exit-code.ts'
import { Outlet } from '../outlet.ts'
import { printable, printableUrl } from '../printable.ts'
import { ReportFile } from '../report-file.ts'
import type { World } from '../world.ts'
import { clientCases, http2ServerCases, serverCases } from './cases/all-cases.ts'
import {
  CHECK_SPEC,
  type CheckSettings,
  readCheckAddress,
  readCheckSettings,
  readCheckTarget,
  selectCases,
} from './check-options.ts'
import type { Described } from './check-case.ts'
import { examine, runAll, runCases, type RunOutcome } from './check-run.ts'
import type { Http2ServerCase } from './http2/http2-case.ts'
import { Http2CaseRunner } from './http2/run-http2-case.ts'
import { htmlCheckReport } from './report/check-html.ts'
import { checkJson, checkLines, type CheckReport, isFailure } from './report/check-report.ts'
import { junitReport } from './report/junit.ts'
import type { CaseOutcome } from './run-case.ts'
import { CheckServer } from './server/check-server.ts'
import type { CheckTarget } from './wire/open-connection.ts'

/** The command. */
export const checkCommand: Command = {
  spec: CHECK_SPEC,
  async run(args, world) {
    const settings = readCheckSettings(args)
    using limits = new CommandLimits(world, settings.timeout)
    using outlet = new Outlet(world.stdout, limits)
    try {
      return settings.isServing
        ? await checkClient(args, settings, world, limits, outlet)
        : await checkServer(args, settings, world, limits, outlet)
    } catch (error) {
      throw limits.end ?? error
    }
  },
}

async function checkServer(
  args: Arguments,
  settings: CheckSettings,
  { clock }: World,
  limits: CommandLimits,
  outlet: Outlet,
): Promise<number> {
  if (settings.isList) {
    const cases: readonly Described[] = settings.isHttp2 ? http2ServerCases() : serverCases()
    return await printList(selectCases(cases, settings.filters), outlet)
  }
  const target = readCheckTarget(args)
  const files = openFiles(settings)
  const run = settings.isHttp2
    ? await checkOverHttp2(target, settings, clock, limits.signal)
    : await checkOverHttp1(target, settings, clock, limits.signal)
  const subject = printableUrl(target.url.href)
  const report = { subject, isStrict: settings.isStrict, results: run.results }
  return await finish(report, settings, { stopped: run.stopped, limits, outlet, files })
}

async function checkOverHttp1(
  target: CheckTarget,
  settings: CheckSettings,
  clock: Clock,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const cases = selectCases(serverCases(), settings.filters)
  const facts = await examine(target, clock, settings.deadline, signal)
  return runCases(target, facts, { ...settings, cases }, clock, signal)
}

async function checkOverHttp2(
  target: CheckTarget,
  settings: CheckSettings,
  clock: Clock,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const cases = selectCases(http2ServerCases(), settings.filters)
  const runner = new Http2CaseRunner(target, clock, settings.deadline)
  const facts = await runner.examine(signal)
  const runOne = (each: Http2ServerCase): Promise<CaseOutcome> => runner.run(each, facts, signal)
  return runAll(runOne, { ...settings, cases }, clock, signal)
}

async function checkClient(
  args: Arguments,
  settings: CheckSettings,
  { clock, stderr }: World,
  limits: CommandLimits,
  outlet: Outlet,
): Promise<number> {
  const cases = selectCases(clientCases(), settings.filters)
  if (settings.isList) return await printList(cases, outlet)
  const { host, port, tls } = readCheckAddress(args)
  const files = openFiles(settings)
  await using server = new CheckServer({ cases, clock, deadline: settings.deadline, tls })
  const actual = await server.listen(host, port)
  const name = host.includes(':') ? `[${host}]` : host
  stderr.write(
    `* listening on ${tls === null ? 'ws' : 'wss'}://${printable(name)}:${actual}/ with ${cases.length} cases\n`,
  )
  const interrupted = new Deferred<void>()
  limits.signal.addEventListener('abort', () => interrupted.resolve(), { once: true })
  await Promise.race([server.finished, interrupted.promise])
  const { results } = server
  const report = { subject: 'a client', isStrict: settings.isStrict, results }
  return await finish(report, settings, { stopped: null, limits, outlet, files })
}

async function printList(
  cases: ReadonlyArray<Parameters<typeof listLine>[0]>,
  outlet: Outlet,
): Promise<number> {
  await outlet.write(cases.map((each) => `${listLine(each)}\n`).join(''))
  return ExitCode.OK
}

/** What a report is finished with. */
interface Finishing {
  /** Why not all cases have run; `null`: they have. */
  readonly stopped: CommandEnd | null
  readonly limits: CommandLimits
  readonly outlet: Outlet
  readonly files: ReportFiles
}

/** The files that the options name. */
interface ReportFiles {
  readonly junit: ReportFile | null
  readonly html: ReportFile | null
}

/** @throws {UsageError} if a file cannot be opened. */
function openFiles({ junitFile, htmlFile }: CheckSettings): ReportFiles {
  return {
    junit: junitFile === null ? null : new ReportFile(junitFile),
    html: htmlFile === null ? null : new ReportFile(htmlFile),
  }
}

/**
 * @throws {CommandEnd} if a case has failed, or if not all cases have run.
 * @throws {UsageError} if a file cannot be written; the report is printed before.
 */
async function finish(
  report: CheckReport,
  settings: CheckSettings,
  { stopped, limits, outlet, files }: Finishing,
): Promise<number> {
  const end = limits.end ?? stopped
  await writeReport(report, settings, outlet)
  files.junit?.write(junitReport(report))
  files.html?.write(htmlCheckReport(report))
  if (end !== null) throw end
  limits.throwIfFailed()
  return exitCodeOf(report)
}

function listLine({
  family,
  name,
  section,
  grade,
}: Readonly<Record<'family' | 'name' | 'section' | 'grade', string>>): string {
  return `${grade.padEnd(7)}${section.padEnd(18)} ${family}: ${printable(name)}`
}

async function writeReport(
  report: CheckReport,
  settings: CheckSettings,
  outlet: Outlet,
): Promise<void> {
  if (settings.isJson) await outlet.line(JSON.stringify(checkJson(report), null, 2))
  else await outlet.line(checkLines(report, settings.isVerbose).join('\n'))
}

/** @throws {CommandEnd} if a case has failed. */
function exitCodeOf({ results, isStrict }: CheckReport): number {
  const failed = results.filter((each) => isFailure(each, isStrict)).length
  if (failed === 0) return ExitCode.OK
  throw new CommandEnd(ExitCode.FAILED, `${failed} of ${results.length} cases failed`)
}
