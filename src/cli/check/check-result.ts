/**
 * The result of a case, and of a run.
 */

import type { Family, Grade } from './check-case.ts'

/**
 * The verdicts:
 *
 * - `pass`: the strict answer, or one that is as good.
 * - `strict-fail`: legal, but not strict; or against a recommendation.
 * - `fail`: against a requirement.
 * - `informational`: the specification leaves it open, or the peer does not have the feature.
 */
export const VERDICTS = ['pass', 'strict-fail', 'fail', 'informational'] as const

/** One of the verdicts. */
export type Verdict = (typeof VERDICTS)[number]

/** What a judge thinks of an answer, before the grade of the case counts. */
export interface Finding {
  /**
   * - `good`: the strict answer, or one that is as good.
   * - `loose`: legal, but not strict.
   * - `open`: left open.
   * - `wrong`: not what the rule of the case says.
   * - `broken`: against a requirement, whatever the case is about.
   */
  readonly kind: 'good' | 'loose' | 'open' | 'wrong' | 'broken'
  /** What is so, as a phrase that is safe to print; `''` if good. */
  readonly why: string
}

/** The result of one case. */
export interface CaseResult {
  readonly family: Family | 'client-handshake'
  readonly name: string
  readonly section: string
  readonly grade: Grade
  readonly verdict: Verdict
  /** What was different; `''`: nothing. Safe to print. */
  readonly why: string
  /** In milliseconds. */
  readonly ms: number
}

/** Nothing to say. */
export const GOOD: Finding = { kind: 'good', why: '' }

/** Returns the verdict for a finding in a case of this grade. */
export function verdictOf({ kind }: Finding, grade: Grade): Verdict {
  if (kind === 'good') return 'pass'
  if (kind === 'broken') return 'fail'
  if (kind === 'open' || grade === 'MAY') return 'informational'
  return kind === 'loose' || grade === 'SHOULD' ? 'strict-fail' : 'fail'
}

/** Returns how many results have each verdict. */
export function countVerdicts(results: readonly CaseResult[]): Readonly<Record<Verdict, number>> {
  const count = (verdict: Verdict): number =>
    results.filter((each) => each.verdict === verdict).length
  return {
    pass: count('pass'),
    'strict-fail': count('strict-fail'),
    fail: count('fail'),
    informational: count('informational'),
  }
}
