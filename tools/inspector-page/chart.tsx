/**
 * One card with a chart: the newest values, or those under the pointer, above the curves.
 */

import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import type { SeriesName } from '../../src/inspector/wire.ts'
import { clock, count, type Format, NONE, size } from './format.ts'
import type { Samples } from './live.ts'

/** One curve. */
export interface Curve {
  readonly name: SeriesName
  readonly label: string
  readonly color: 'one' | 'two' | 'three'
}

interface ChartProps {
  readonly title: string
  readonly format: Format
  readonly curves: readonly Curve[]
  readonly samples: Samples
  /** Changes with each snapshot. */
  readonly version: number
  /** The width of the time axis. */
  readonly seconds: number
  /** Changes with the colours of the page. */
  readonly theme: string
}

const HEIGHT = 132
/** The steps of axes for bytes: powers of two, so that the labels are round. */
const BINARY_STEPS = Array.from({ length: 44 }, (_, power) => 2 ** power)
/** The steps of axes for counts: there is no half session. */
const COUNT_STEPS = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((n) => n * 10 ** power))
const AXIS_FONT = '11px system-ui, sans-serif'

export function Chart({ title, format, curves, samples, version, seconds, theme }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const legend = useRef<HTMLDListElement>(null)
  const plot = useRef<uPlot | null>(null)

  const label = (at: number | null): void => {
    const values = legend.current?.querySelectorAll('dd') ?? []
    const index = at ?? samples.times.length - 1
    curves.forEach(({ name }, curve) => {
      const value = values[curve]
      if (value !== undefined) value.textContent = format(samples.series[name][index] ?? null)
    })
  }
  const labels = useRef(label)
  labels.current = label

  useEffect(() => {
    const element = place.current
    if (element === null) return
    const made = new uPlot(
      optionsOf(element, curves, format, (at) => labels.current(at)),
      [[], ...curves.map(() => [])],
      element,
    )
    plot.current = made
    const observer = new ResizeObserver(() => {
      made.setSize({ width: Math.max(element.clientWidth, 40), height: HEIGHT })
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [theme])

  useEffect(() => {
    const made = plot.current
    if (made === null) return
    const { times, series } = samples
    const last = times.at(-1) ?? 0
    made.batch(() => {
      made.setData([times, ...curves.map(({ name }) => series[name])], false)
      made.setScale('x', { min: last - seconds, max: last })
    })
    label(made.cursor.idx ?? null)
  }, [version, seconds, theme])

  const spoken = curves
    .map(({ name, label: text }) => `${text} ${format(samples.series[name].at(-1) ?? null)}`)
    .join(', ')
  return (
    <section class="card chart">
      <h2>{title}</h2>
      <dl class="legend" ref={legend}>
        {curves.map(({ label: text, color }) => (
          <div key={text}>
            <dt>
              <i class={`dot ${color}`} />
              {text}
            </dt>
            <dd>{NONE}</dd>
          </div>
        ))}
      </dl>
      <div class="plot" role="img" aria-label={`${title}: ${spoken}`} ref={place} />
    </section>
  )
}

/** Nearer to the left edge, in pixels, a time would cover the lowest value of the other axis. */
const HALF_LABEL = 28

function optionsOf(
  element: HTMLElement,
  curves: readonly Curve[],
  format: Format,
  hovered: (index: number | null) => void,
): uPlot.Options {
  const soft = colorOf(element, '--soft')
  const grid = { stroke: colorOf(element, '--grid'), width: 1 }
  const axis = { stroke: soft, grid, ticks: { show: false }, font: AXIS_FONT }
  return {
    width: Math.max(element.clientWidth, 40),
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      sync: { key: 'inspector' },
      points: { size: 6 },
    },
    hooks: { setCursor: [({ cursor }) => hovered(cursor.idx ?? null)] },
    scales: { x: { time: false }, y: { range: (_, __, max) => [0, Math.max(max * 1.15, 1)] } },
    axes: [
      {
        ...axis,
        size: 22,
        space: 90,
        values: (plot, splits) =>
          splits.map((at) => (plot.valToPos(at, 'x') < HALF_LABEL ? '' : clock(at * 1000))),
      },
      {
        ...axis,
        size: 58,
        space: 34,
        values: (_, splits) => splits.map((value) => format(value)),
        ...(format === size ? { incrs: BINARY_STEPS } : {}),
        ...(format === count ? { incrs: COUNT_STEPS.flat() } : {}),
      },
    ],
    series: [
      {},
      ...curves.map(({ color, label }, index) => ({
        label,
        stroke: colorOf(element, `--${color}`),
        width: 1.75,
        points: { show: false },
        ...(index === 0 ? { fill: colorOf(element, `--${color}-mist`) } : {}),
      })),
    ],
  }
}

/** Canvas needs the colour itself, not its name. */
function colorOf(element: HTMLElement, name: string): string {
  const before = element.style.color
  element.style.color = `var(${name})`
  const { color } = getComputedStyle(element)
  element.style.color = before
  return color
}
