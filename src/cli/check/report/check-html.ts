/**
 * The results of a run as one page. It loads nothing, and has no script.
 */

import { type CaseResult, countVerdicts, type Verdict, VERDICTS } from '../check-result.ts'
import { byFamily, type CheckReport } from './check-report.ts'
import { escapeMarkup } from './escape-markup.ts'

/** Returns the page. */
export function htmlCheckReport({ subject, results }: CheckReport): string {
  const title = escapeMarkup(`towpath check: ${subject}`)
  const families = byFamily(results)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
<h1>${title}</h1>
<table class="counts">
<thead><tr><th scope="col">Family</th>${VERDICTS.map((each) => `<th scope="col">${each}</th>`).join('')}</tr></thead>
<tbody>
${families.map(([family, each]) => countRow(family, each)).join('\n')}
${countRow('total', results)}
</tbody>
</table>
${families.map(([family, each]) => section(family, each)).join('\n')}
</html>
`
}

const STYLE = `:root{color-scheme:light dark;--muted:#6b7280;--fail:#dc2626;--loose:#b45309;--pass:#15803d}
@media(prefers-color-scheme:dark){:root{--fail:#f87171;--loose:#fbbf24;--pass:#4ade80;--muted:#9ca3af}}
body{font:16px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;overflow-wrap:anywhere}summary{cursor:pointer;padding:.4rem 0}
table{border-collapse:collapse;font-size:14px;width:100%}
th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;border-bottom:1px solid #8884;overflow-wrap:anywhere}
.counts td+td,.counts th+th{text-align:right}
.fail{color:var(--fail)}.strict-fail{color:var(--loose)}.pass{color:var(--pass)}.informational{color:var(--muted)}
small{color:var(--muted)}`

function countRow(name: string, results: readonly CaseResult[]): string {
  const counts = countVerdicts(results)
  const cell = (verdict: Verdict): string =>
    `<td${counts[verdict] === 0 ? '' : ` class="${verdict}"`}>${counts[verdict]}</td>`
  return `<tr><th scope="row">${escapeMarkup(name)}</th>${VERDICTS.map(cell).join('')}</tr>`
}

/** What differs comes first, and is open. */
function section(family: string, results: readonly CaseResult[]): string {
  const order: readonly Verdict[] = ['fail', 'strict-fail', 'informational', 'pass']
  const sorted = order.flatMap((verdict) => results.filter((each) => each.verdict === verdict))
  const hasFailed = results.some(({ verdict }) => verdict === 'fail' || verdict === 'strict-fail')
  return `<details${hasFailed ? ' open' : ''}><summary>${escapeMarkup(family)} <small>${results.length} cases</small></summary>
<table>
${sorted.map(resultRow).join('\n')}
</table>
</details>`
}

function resultRow({ verdict, grade, section: place, name, why }: CaseResult): string {
  const reason = why === '' ? '' : `<br><small>${escapeMarkup(why)}</small>`
  return `<tr><td class="${verdict}">${verdict}</td><td>${grade}</td><td>${escapeMarkup(place)}</td><td>${escapeMarkup(name)}${reason}</td></tr>`
}
