/**
 * Draws the page, again for each snapshot.
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
  if (place !== null) render(<App live={live} />, place)
}
