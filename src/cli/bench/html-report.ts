/**
 * The result of a benchmark as one page, with charts as SVG. It loads nothing.
 */

import type { BenchLoad } from './bench-load.ts'
import { benchLines, ms } from './bench-report.ts'
import type { BenchResult } from './bench-result.ts'

const WIDTH = 720
const HEIGHT = 180
const LEFT = 70
const BOTTOM = 24

/** Returns the page. @param url without credentials. */
export function htmlReport(url: string, load: BenchLoad, result: BenchResult): string {
  const { latency, seconds } = result
  const percentiles = [
    ['min', latency.min],
    ['p50', latency.p50],
    ['p90', latency.p90],
    ['p99', latency.p99],
    ['p99.9', latency.p999],
    ['max', latency.max],
  ] as const
  const charts =
    latency.count === 0
      ? []
      : [
          lineChart(
            'Messages received in each second',
            seconds.map(({ received }) => received),
            (value) => value.toFixed(0),
          ),
          lineChart(
            'Largest latency in each second',
            seconds.map(({ latency: each }) => each),
            ms,
          ),
          barChart('Latency from the intended time', percentiles),
        ]
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>towpath bench ${escapeHtml(load.mode)}</title>
<style>${STYLE}</style>
<h1>${escapeHtml(load.mode)} of ${escapeHtml(url)}</h1>
<p>${load.connections} connections, ${load.rate} messages a second, ${load.size} bytes, ${load.duration / 1000} s</p>
<pre>${escapeHtml(benchLines(load, result).join('\n'))}</pre>
${charts.join('\n')}
</html>
`
}

const STYLE = `:root{color-scheme:light dark;--line:#2563eb;--muted:#6b7280}
body{font:16px/1.5 system-ui,sans-serif;max-width:760px;margin:2rem auto;padding:0 1rem}
pre{overflow-x:auto;font-size:13px}svg{width:100%;height:auto}h1{font-size:1.4rem}h2{font-size:1rem}
text{font-size:12px;fill:var(--muted)}.axis{stroke:var(--muted)}.line{fill:none;stroke:var(--line);stroke-width:2}
.bar{fill:var(--line)}`

function lineChart(
  title: string,
  values: readonly number[],
  show: (value: number) => string,
): string {
  const top = Math.max(...values, 0.001)
  const points = values.map((value, index) => {
    const x = LEFT + ((WIDTH - LEFT) * (index + 0.5)) / values.length
    return `${x.toFixed(1)},${yOf(value / top).toFixed(1)}`
  })
  return figure(
    title,
    show(top),
    `<polyline class="line" points="${points.join(' ')}"/>
<text x="${LEFT}" y="${HEIGHT}">0 s</text><text x="${WIDTH}" y="${HEIGHT}" text-anchor="end">${values.length} s</text>`,
  )
}

function barChart(
  title: string,
  bars: ReadonlyArray<readonly [name: string, value: number]>,
): string {
  const top = Math.max(...bars.map(([, value]) => value), 0.001)
  const step = (WIDTH - LEFT) / bars.length
  const shapes = bars.map(([name, value], index) => {
    const x = LEFT + step * index
    const y = yOf(value / top)
    return `<rect class="bar" x="${(x + step * 0.2).toFixed(1)}" y="${y.toFixed(1)}" width="${(step * 0.6).toFixed(1)}" height="${(HEIGHT - BOTTOM - y).toFixed(1)}"><title>${ms(value)}</title></rect>
<text x="${(x + step / 2).toFixed(1)}" y="${HEIGHT}" text-anchor="middle">${name} ${ms(value)}</text>`
  })
  return figure(title, ms(top), shapes.join('\n'))
}

function figure(title: string, top: string, content: string): string {
  return `<h2>${title}</h2>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT + 4}" role="img" aria-label="${title}">
<line class="axis" x1="${LEFT}" y1="${HEIGHT - BOTTOM}" x2="${WIDTH}" y2="${HEIGHT - BOTTOM}"/>
<text x="${LEFT - 6}" y="22" text-anchor="end">${top}</text>
<text x="${LEFT - 6}" y="${HEIGHT - BOTTOM}" text-anchor="end">0</text>
${content}
</svg>`
}

function yOf(share: number): number {
  return 18 + (HEIGHT - BOTTOM - 18) * (1 - share)
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
