/**
 * A line over the last minute, as the shapes of an SVG: the newest value is at the right edge, and
 * the line is broken where no values came.
 */

/** How far the chart reaches into the past, in seconds; the width of its view box. */
export const CHART_SECONDS = 60

/** The height of its view box. */
const HEIGHT = 100

/** Values further apart than this many seconds are not joined. */
const GAP_SECONDS = 3

/** The values of the last minute. */
export class Chart {
  #values = []

  /** Adds a value. `at` is its time in seconds, never before the time of the last value. */
  add(at, value) {
    this.#values.push({ at, value })
    // One value is kept left of the edge, so that the line enters there.
    const firstShown = this.#values.findIndex((each) => each.at >= at - CHART_SECONDS)
    this.#values.splice(0, Math.max(0, firstShown - 1))
  }

  /**
   * Returns what to draw at the time `now`, in seconds: `line` and `area` for the attribute `d` of
   * two paths, and `highest`, the value of the upper edge, at least `atLeast`.
   */
  shapes(now, atLeast) {
    const highest = niceCeiling(Math.max(atLeast, ...this.#values.map(({ value }) => value)))
    const place = ({ at, value }) => [
      round(CHART_SECONDS - (now - at)),
      round(HEIGHT - (value / highest) * HEIGHT),
    ]
    const runs = joined(this.#values).map((run) => run.map(place))
    return {
      line: runs.map((run) => `M${run.map((point) => point.join(' ')).join('L')}`).join(''),
      area: runs.map(areaBelow).join(''),
      highest,
    }
  }
}

/** Splits the values where they are too far apart to be joined. */
function joined(values) {
  const runs = []
  values.forEach((value, index) => {
    const previous = values[index - 1]
    if (previous === undefined || value.at - previous.at > GAP_SECONDS) runs.push([])
    runs.at(-1).push(value)
  })
  return runs
}

function areaBelow(run) {
  const [[left], [right]] = [run.at(0), run.at(-1)]
  const line = run.map((point) => point.join(' ')).join('L')
  return `M${left} ${HEIGHT}L${line}L${right} ${HEIGHT}Z`
}

/** The next of 1, 2, 5, 10, 20, 50, …, so that the scale rarely changes. */
function niceCeiling(value) {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value)
}

function round(value) {
  return Math.round(value * 100) / 100
}

/**
 * Draws a chart into `figure`, which has two paths, `.area` and `.line`, and an element `.highest`.
 * `format` makes a label of a value.
 */
export function drawChart(figure, chart, { now, atLeast, format }) {
  const { line, area, highest } = chart.shapes(now, atLeast)
  figure.querySelector('.line').setAttribute('d', line)
  figure.querySelector('.area').setAttribute('d', area)
  figure.querySelector('.highest').textContent = format(highest)
}
