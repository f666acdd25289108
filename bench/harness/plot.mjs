/** Horizontal bars as SVG, drawn on white so that they read on light and dark pages alike. */

const WIDTH = 760
const LABEL_WIDTH = 130
const VALUE_WIDTH = 90
const BAR_HEIGHT = 16
const GROUP_GAP = 30
const FONT = 'font-family="system-ui, sans-serif"'

/**
 * One group of bars per case, each group with its own scale; a thin line shows the spread.
 *
 * @param {{ title: string, groups: { name: string, bars: { label: string, colour: string,
 *   median: number, low: number, high: number, text: string }[] }[] }} chart
 */
export function barChart({ title, groups }) {
  const parts = []
  let y = 34
  for (const { name, bars } of groups) {
    parts.push(text(10, y + 6, name, 'font-weight="600"'))
    y += 14
    const scale =
      (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / Math.max(...bars.map((bar) => bar.high), 1e-9)
    for (const bar of bars) {
      parts.push(drawBar(bar, y, scale))
      y += BAR_HEIGHT + 4
    }
    y += GROUP_GAP - 8
  }
  const height = y
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escape(title)}">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(10, 20, title, 'font-size="15" font-weight="700"'),
    ...parts,
    '</svg>\n',
  ].join('\n')
}

function drawBar({ label, colour, median, low, high, text: value }, y, scale) {
  const middle = y + BAR_HEIGHT / 2
  const end = LABEL_WIDTH + median * scale
  const spread = `x1="${round(LABEL_WIDTH + low * scale)}" x2="${round(LABEL_WIDTH + high * scale)}"`
  return [
    text(LABEL_WIDTH - 8, middle + 4, label, 'text-anchor="end"'),
    `<rect x="${LABEL_WIDTH}" y="${y}" width="${round(Math.max(1, end - LABEL_WIDTH))}" height="${BAR_HEIGHT}" fill="${colour}"/>`,
    `<line ${spread} y1="${middle}" y2="${middle}" stroke="#111827" stroke-width="1"/>`,
    text(LABEL_WIDTH + high * scale + 6, middle + 4, value),
  ].join('\n')
}

function text(x, y, content, attributes = '') {
  const size = attributes.includes('font-size') ? '' : ' font-size="12"'
  return `<text x="${round(x)}" y="${round(y)}" ${FONT}${size} fill="#111827" ${attributes}>${escape(content)}</text>`
}

function escape(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

function round(value) {
  return Math.round(value * 10) / 10
}
