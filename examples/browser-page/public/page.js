/**
 * A page that reads at the speed of the slider. It loads the built library; an application would
 * use a bundler.
 */

import { webSocket } from '/towpath/browser-client.js'
import { Chart, drawChart } from '/chart.js'

const $ = (id) => document.getElementById(id)
const numbers = new Intl.NumberFormat()
let stopping = new AbortController()
let ages = new Chart()

/** Ages at or above this are shown in seconds. */
const SECOND_MS = 1000
/** How often an age is drawn at most. */
const DRAW_MS = 100

$('stream').disabled = !('WebSocketStream' in globalThis)
$('no-stream').hidden = 'WebSocketStream' in globalThis
$('stream').addEventListener('click', () => void read(true))
$('socket').addEventListener('click', () => void read(false))
$('stop').addEventListener('click', () => stopping.abort(new Error('Stopped')))
$('pace').addEventListener('input', () => ($('pace-shown').textContent = $('pace').value))

async function read(webSocketStream) {
  stopping = new AbortController()
  ages = new Chart()
  show('open', 'Reading')
  try {
    const options = { webSocketStream, maxUnread: 1024 * 1024, signal: stopping.signal }
    await webSocket('/browser-page/flow', options, readSlowly)
    show('closed', 'The server has ended it')
  } catch (error) {
    show('closed', error.message)
  }
}

/** The signal closes the session. Unread messages are dropped. */
async function readSlowly({ incoming }) {
  const start = performance.now()
  let drawnAt = 0
  for await (const frame of incoming) {
    if (stopping.signal.aborted) return
    const [number, sentAt] = frame.readText().split(' ', 2)
    const age = Math.max(0, performance.now() - start - Number(sentAt))
    $('read').textContent = numbers.format(number)
    $('age').textContent = inUnit(age)
    if (performance.now() - drawnAt >= DRAW_MS) {
      drawnAt = performance.now()
      ages.add(drawnAt / 1000, age)
      drawChart($('age-chart'), ages, { now: drawnAt / 1000, atLeast: 100, format: inUnit })
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 / Number($('pace').value)))
  }
}

function inUnit(ms) {
  return ms < SECOND_MS
    ? `${numbers.format(Math.round(ms))} ms`
    : `${numbers.format(Math.round(ms / 100) / 10)} s`
}

function show(state, words) {
  $('state').dataset.state = state
  $('state').textContent = words
  $('stop').disabled = state !== 'open'
  $('socket').disabled = state === 'open'
  $('stream').disabled = state === 'open' || !('WebSocketStream' in globalThis)
}
