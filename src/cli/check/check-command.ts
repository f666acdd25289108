/**
 * `towpath check`: the conformance of a server.
 */

import { writeFileSync } from 'node:fs'

import { quoted } from '../arguments.ts'
import type { Command } from '../command.ts'
import { CommandLimits } from '../command-limits.ts'
import { CommandEnd, ExitCode, UsageError } from '../exit-code.ts'
import { Outlet } from '../outlet.ts'
import { printable, printableUrl } from '../printable.ts'
import { serverCases } from './cases/all-cases.ts'
import {
  CHECK_SPEC,
  type CheckSettings,
  readCheckSettings,
  readCheckTarget,
  selectCases,
} from './check-options.ts'
import { examine, runCases } from './check-run.ts'
import { htmlCheckReport } from './report/check-html.ts'
import { checkJson, checkLines, type CheckReport, isFailure } from './report/check-report.ts'
import { junitReport } from './report/junit.ts'

/** The command. */
export const checkCommand: Command = {
  spec: CHECK_SPEC,
  async run(args, world) {
    const settings = readCheckSettings(args)
    using limits = new CommandLimits(world, settings.timeout)
    using outlet = new Outlet(world.stdout, () => limits.stop(ExitCode.OK, ''))
    const cases = selectCases(serverCases(), settings.filters)
    if (settings.isList) {
      await outlet.write(cases.map((each) => `${listLine(each)}\n`).join(''))
      return ExitCode.OK
    }
    const target = readCheckTarget(args)
    const { clock } = world
    const { deadline } = settings
    try {
      const facts = await examine(target, clock, deadline, limits.signal)
      const outcome = await runCases(target, facts, { ...settings, cases }, clock, limits.signal)
      const { results } = outcome
      const { isStrict } = settings
      const report = { subject: printableUrl(target.url.href), isStrict, results }
      await writeReport(report, settings, outlet)
      const end = limits.end ?? outcome.stopped
      if (end !== null) throw end
      return exitCodeOf(report)
    } catch (error) {
      throw limits.end ?? error
    }
  },
}

function listLine({
  family,
  name,
  section,
  grade,
}: Readonly<Record<'family' | 'name' | 'section' | 'grade', string>>): string {
  return `${grade.padEnd(7)}${section.padEnd(18)} ${family}: ${printable(name)}`
}

/** @throws {UsageError} if a file cannot be written. */
async function writeReport(
  report: CheckReport,
  settings: CheckSettings,
  outlet: Outlet,
): Promise<void> {
  writeFile(settings.junitFile, () => junitReport(report))
  writeFile(settings.htmlFile, () => htmlCheckReport(report))
  if (settings.isJson) await outlet.line(JSON.stringify(checkJson(report), null, 2))
  else await outlet.line(checkLines(report, settings.isVerbose).join('\n'))
}

function writeFile(path: string | null, content: () => string): void {
  if (path === null) return
  try {
    writeFileSync(path, content())
  } catch (cause) {
    const why = cause instanceof Error ? printable(cause.message) : ''
    throw new UsageError(`Cannot write the file ${quoted(path)}: ${why}`, { cause })
  }
}

/** @throws {CommandEnd} if a case has failed. */
function exitCodeOf({ results, isStrict }: CheckReport): number {
  const failed = results.filter((each) => isFailure(each, isStrict)).length
  if (failed === 0) return ExitCode.OK
  throw new CommandEnd(ExitCode.FAILED, `${failed} of ${results.length} cases failed`)
}
