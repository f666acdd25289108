/**
 * The results of a run, as text and as JSON.
 */

import { type CaseResult, countVerdicts, type Verdict, VERDICTS } from '../check-result.ts'

/** A run, for a report. All texts are safe to print. */
export interface CheckReport {
  /** What was checked: a URL without a query, or a client. */
  readonly subject: string
  readonly isStrict: boolean
  readonly results: readonly CaseResult[]
}

const SHOWN: readonly Verdict[] = ['fail', 'strict-fail']

/** Whether a result counts as a failure. */
export function isFailure({ verdict }: CaseResult, isStrict: boolean): boolean {
  return verdict === 'fail' || (isStrict && verdict === 'strict-fail')
}

/** Returns the families of results, in their order, with their results. */
export function byFamily(
  results: readonly CaseResult[],
): ReadonlyArray<readonly [family: string, results: readonly CaseResult[]]> {
  const families = [...new Set(results.map(({ family }) => family))]
  return families.map((family) => [family, results.filter((each) => each.family === family)])
}

/** Returns the table of families, and a line for each case that is different. */
export function checkLines(report: CheckReport, isVerbose: boolean): string[] {
  const { results } = report
  const verdicts = isVerbose ? [...SHOWN, 'informational' as const] : SHOWN
  const rows = [
    ...byFamily(results).map(([family, each]) => row(family, each)),
    row('total', results),
  ]
  const details = verdicts.flatMap((verdict) =>
    results.filter((each) => each.verdict === verdict).map(detail),
  )
  return [
    `${'family'.padEnd(18)}${VERDICTS.map((verdict) => verdict.padStart(15)).join('')}`,
    ...rows,
    ...(details.length === 0 ? [] : ['', ...details]),
  ]
}

function row(name: string, results: readonly CaseResult[]): string {
  const counts = countVerdicts(results)
  return `${name.padEnd(18)}${VERDICTS.map((each) => `${counts[each]}`.padStart(15)).join('')}`
}

function detail({ verdict, grade, section, family, name, why }: CaseResult): string {
  return `${verdict.padEnd(14)}${grade.padEnd(7)}${section.padEnd(18)} ${family}: ${name}: ${why}`
}

/** Returns the object of `--json`. */
export function checkJson({ subject, isStrict, results }: CheckReport): object {
  return {
    subject,
    grade: isStrict ? 'strict' : 'must',
    counts: countVerdicts(results),
    failed: results.filter((each) => isFailure(each, isStrict)).length,
    cases: results,
  }
}
