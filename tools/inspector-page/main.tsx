/**
 * Draws the page, again for each snapshot. The focus stays where it is.
 */

import { render } from 'preact'
import 'uplot/dist/uPlot.min.css'
import { App } from './app.tsx'
import { Live } from './live.ts'
import './page.css'

const place = document.getElementById('inspector')

const live = new Live(draw)
live.connect()

function draw(): void {
  if (place === null) return
  const focused = document.activeElement
  const table = focused?.closest('[role="region"]') ?? null
  render(<App live={live} />, place)
  if (document.activeElement === focused) return
  // A row that moves takes the focus from its button, and a row that goes takes the button away.
  const next = focused?.isConnected === true ? focused : table
  if (next instanceof HTMLElement) next.focus({ preventScroll: true })
}
