/** Results as tables: for a terminal, and for Markdown. */

import { ratio, summary } from './statistics.mjs'

/**
 * The table of one case: a row per server, a column per metric, and a column per ratio, which is
 * the reference's value divided by that server's, round by round.
 */
export function caseTable(scenario, { samples, failures }, reference) {
  const ratios =
    samples[reference]?.length > 0 ? scenario.metrics.filter((metric) => metric.ratio) : []
  const head = [
    'server',
    ...scenario.metrics.map((metric) => metric.title),
    ...ratios.map((metric) => `${reference} ÷ it: ${metric.title}`),
  ]
  const rows = Object.entries(samples).map(([server, rounds]) => {
    if (failures[server])
      return [server, `failed: ${failures[server]}`, ...head.slice(2).map(() => '')]
    return [
      server,
      ...scenario.metrics.map((metric) => withSpread(read(rounds, metric), metric.digits)),
      ...ratios.map((metric) =>
        server === reference
          ? '1'
          : withSpread(ratio(read(samples[reference], metric), read(rounds, metric)), 2),
      ),
    ]
  })
  return { head, rows }
}

/** Columns padded with spaces, the first to the left and the others to the right. */
export function asText({ head, rows }) {
  const widths = head.map((_, column) =>
    Math.max(
      ...[head, ...rows].map((row) =>
        isFailure(row) && column > 0 && row !== head ? 0 : row[column].length,
      ),
    ),
  )
  return [head, widths.map((width) => '-'.repeat(width)), ...rows]
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 || isFailure(row)
            ? cell.padEnd(widths[column])
            : cell.padStart(widths[column]),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** A Markdown table. */
export function asMarkdown({ head, rows }) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [
    line(head),
    line(head.map((_, column) => (column === 0 ? '---' : '---:'))),
    ...rows.map(line),
  ].join('\n')
}

/** A number with its thousands apart, and at least two significant digits. */
export function formatNumber(value, digits) {
  return value
    .toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .replaceAll(',', ' ')
}

function withSpread(samples, digits) {
  const { median, low, high } = Array.isArray(samples) ? summary(samples) : samples
  if (Number.isNaN(median)) return '–'
  return `${formatNumber(median, digits)} (${formatNumber(low, digits)}–${formatNumber(high, digits)})`
}

function read(rounds, metric) {
  return rounds.map((round) => round[metric.key])
}

function isFailure(row) {
  return row[1].startsWith('failed: ')
}
