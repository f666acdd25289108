/**
 * The results of a run as JUnit XML, which CI systems read.
 */

import { byFamily, type CheckReport, isFailure } from './check-report.ts'
import type { CaseResult } from '../check-result.ts'
import { escapeMarkup } from './escape-markup.ts'

/** Returns the document: a suite for each family. Informational results are skipped tests. */
export function junitReport(report: CheckReport): string {
  const { subject, isStrict, results } = report
  const suites = byFamily(results).map(([family, each]) => suite(family, each, isStrict))
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escapeMarkup(`towpath check ${subject}`)}" ${counts(results, isStrict)}>`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n')
}

function suite(family: string, results: readonly CaseResult[], isStrict: boolean): string {
  return [
    `<testsuite name="${escapeMarkup(family)}" ${counts(results, isStrict)}>`,
    ...results.map((each) => test(each, isStrict)),
    '</testsuite>',
  ].join('\n')
}

function test(result: CaseResult, isStrict: boolean): string {
  const { family, name, ms } = result
  const attributes = `classname="${escapeMarkup(family)}" name="${escapeMarkup(name)}" time="${(ms / 1000).toFixed(3)}"`
  const content = contentOf(result, isStrict)
  return content === ''
    ? `<testcase ${attributes}/>`
    : `<testcase ${attributes}>${content}</testcase>`
}

function contentOf(result: CaseResult, isStrict: boolean): string {
  const { verdict, grade, section, why } = result
  if (verdict === 'pass') return ''
  const message = `message="${escapeMarkup(`${grade} ${section}: ${why}`)}"`
  if (isFailure(result, isStrict)) return `<failure type="${verdict}" ${message}/>`
  if (verdict === 'informational') return `<skipped ${message}/>`
  return `<system-out>${escapeMarkup(`${verdict}: ${grade} ${section}: ${why}`)}</system-out>`
}

function counts(results: readonly CaseResult[], isStrict: boolean): string {
  const failures = results.filter((each) => isFailure(each, isStrict)).length
  const skipped = results.filter(({ verdict }) => verdict === 'informational').length
  const seconds = results.reduce((sum, { ms }) => sum + ms, 0) / 1000
  return `tests="${results.length}" failures="${failures}" skipped="${skipped}" time="${seconds.toFixed(3)}"`
}
