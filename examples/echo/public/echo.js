/**
 * The echo page: sends text and bytes, and shows the messages in both directions, their time, and
 * how the connection ended.
 */

const SHOWN_BYTES = 64
const SHOWN_CHARACTERS = 500
const MAX_LINES = 200
const MAX_REASON_BYTES = 123
/** The limit of `getRandomValues` for one call. */
const RANDOM_BYTES = 65_536

const $ = (id) => document.getElementById(id)
const numbers = new Intl.NumberFormat()
const clockTime = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
})

let socket = null
let sent = 0
let received = 0
/** When each unanswered message was sent. The echo answers in order. */
let sentAt = []

$('send-text').addEventListener('submit', (event) => {
  event.preventDefault()
  const text = $('text').value
  send(text, 'text', new TextEncoder().encode(text).length, preview(text))
  $('text').select()
})

$('send-bytes').addEventListener('submit', (event) => {
  event.preventDefault()
  const bytes = parseHex($('bytes').value)
  $('bytes').setAttribute('aria-invalid', String(bytes === null))
  $('bytes-hint').textContent =
    bytes === null ? 'Two digits from 0 to f for each byte, please.' : 'Two digits for each byte.'
  if (bytes !== null) sendBytes(bytes)
})

$('send-many').addEventListener('submit', (event) => {
  event.preventDefault()
  sendBytes(randomBytes(Number($('size').value)))
})

$('close').addEventListener('submit', (event) => {
  event.preventDefault()
  const code = $('code').value
  const reason = $('reason').value
  if (new TextEncoder().encode(reason).length > MAX_REASON_BYTES) {
    return addLine('problem', 'A reason has at most 123 bytes in UTF-8')
  }
  if (code === '') socket.close()
  else socket.close(Number(code), reason)
  addLine('sent', 'Close', code === '' ? 'no code' : describeClose(Number(code), reason))
  showState('connecting', 'Closing…')
})

$('connect').addEventListener('click', connect)
$('clear').addEventListener('click', () => {
  $('frames').replaceChildren()
  sent = 0
  received = 0
  showTotals()
})

connect()

function connect() {
  const url = new URL('/echo/socket', location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  sentAt = []
  showState('connecting', 'Connecting…')
  socket.addEventListener('open', () => {
    showState('open', 'Connected')
    addLine('note', 'Connected', url.href)
    $('text').focus()
  })
  socket.addEventListener('message', ({ data }) => receive(data))
  socket.addEventListener('close', ({ code, reason, wasClean }) => {
    showState('closed', 'Closed')
    const how = wasClean ? 'clean' : 'not clean: the connection was lost'
    addLine(wasClean ? 'received' : 'problem', 'Close', `${describeClose(code, reason)} · ${how}`)
    $('connect').focus()
  })
}

function send(data, kind, byteLength, shown) {
  socket.send(data)
  sent += 1
  sentAt.push(performance.now())
  addLine('sent', kind, shown, byteLength)
}

function sendBytes(bytes) {
  send(bytes, 'binary', bytes.length, toHex(bytes))
}

function receive(data) {
  received += 1
  const startedAt = sentAt.shift()
  const took = startedAt === undefined ? null : performance.now() - startedAt
  if (typeof data === 'string') {
    addLine('received', 'text', preview(data), new TextEncoder().encode(data).length, took)
  } else {
    const bytes = new Uint8Array(data)
    addLine('received', 'binary', toHex(bytes), bytes.length, took)
  }
}

/**
 * `direction` is `sent`, `received`, `note` or `problem`. It is also shown in words, for screen
 * readers.
 */
function addLine(direction, kind, shown = '', byteLength = null, tookMs = null) {
  const list = $('frames')
  const follow = list.scrollHeight - list.scrollTop - list.clientHeight < 40
  const line = create('li', `frame ${direction}`)
  const arrow = create(
    'span',
    'arrow',
    { sent: '↑', received: '↓', note: '•', problem: '!' }[direction],
  )
  arrow.setAttribute('aria-hidden', 'true')
  const facts = [
    byteLength === null
      ? null
      : `${numbers.format(byteLength)} ${byteLength === 1 ? 'byte' : 'bytes'}`,
    tookMs === null ? null : `${tookMs.toFixed(1)} ms`,
    clockTime.format(new Date()),
  ]
  const words = { sent: 'Sent ', received: 'Received ', note: '', problem: '' }[direction]
  line.append(
    arrow,
    create('span', 'visually-hidden', words),
    create('span', 'kind', kind),
    create('span', 'facts', facts.filter((fact) => fact !== null).join(' · ')),
    create('span', `payload${kind === 'binary' ? ' mono' : ''}`, shown),
  )
  list.append(line)
  if (list.childElementCount > MAX_LINES) list.firstElementChild.remove()
  if (follow) list.scrollTop = list.scrollHeight
  showTotals()
}

function showTotals() {
  $('totals').textContent = `${numbers.format(sent)} sent, ${numbers.format(received)} received`
}

function showState(state, words) {
  $('state').dataset.state = state
  $('state').textContent = words
  for (const button of document.querySelectorAll('button.send')) button.disabled = state !== 'open'
  $('close-button').disabled = state !== 'open'
  $('close-button').hidden = state === 'closed'
  $('connect').hidden = state !== 'closed'
}

function describeClose(code, reason) {
  return reason === '' ? String(code) : `${code} “${reason}”`
}

function preview(text) {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text
}

function toHex(bytes) {
  const shown = Array.from(bytes.subarray(0, SHOWN_BYTES), (byte) =>
    byte.toString(16).padStart(2, '0'),
  )
  return shown.join(' ') + (bytes.length > SHOWN_BYTES ? ' …' : '')
}

function parseHex(text) {
  const digits = text.replaceAll(/\s+/g, '')
  if (!/^([0-9a-f]{2})*$/i.test(digits)) return null
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function randomBytes(length) {
  const bytes = new Uint8Array(length)
  for (let start = 0; start < length; start += RANDOM_BYTES) {
    crypto.getRandomValues(bytes.subarray(start, start + RANDOM_BYTES))
  }
  return bytes
}

function create(tag, className, text = '') {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = text
  return element
}
