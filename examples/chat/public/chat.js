/**
 * The chat page: the entrance, the room, and what goes between the screen and the server.
 */

import { Connection } from './connection.js'
import {
  ROOM_NAME,
  forget,
  randomToken,
  recall,
  recallTabKey,
  recentRooms,
  rememberRoom,
  store,
} from './memory.js'
import { MessageList, create, createAvatar } from './message-list.js'
import { Transcript } from './transcript.js'

/** The server's close codes (`ChatCloseCode` in room.ts) that are answers, not accidents. */
const INVALID_MESSAGE = 4000
const NAME_TAKEN = 4001
const REPLACED = 4002

const PERSON_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._'’-]{0,23}$/u
const MAX_NAME_LENGTH = 24
/** From here on, the writer is told how much space is left. */
const NEAR_TEXT_LIMIT = 1800

const $ = (id) => document.getElementById(id)
const text = $('text')
const list = new MessageList($('log'), $('messages'), showUnread)
const tabKey = recallTabKey()

/** The room that is open: `{ name, room, transcript, connection, members }`, or `null`. */
let visit = null
/** The name under which this tab is in a room, also after a reload; `null` at the entrance. */
let joinedAs = recall('sessionStorage', 'towpath-chat-name')

$('join').addEventListener('submit', (event) => {
  event.preventDefault()
  const name = tidyName($('join-name').value)
  const room = tidyRoom($('join-room').value)
  if (!PERSON_NAME.test(name)) {
    return showEntrance('A name has letters and digits, and at most 24 of them.', 'join-name')
  }
  if (!ROOM_NAME.test(room)) {
    return showEntrance('A room has letters, digits, - and _, and at most 32 of them.', 'join-room')
  }
  store('localStorage', 'towpath-chat-name', name)
  rememberJoined(name)
  if (location.hash === hashOf(room)) openRoom(name, room)
  else location.hash = hashOf(room)
})

$('join-name').addEventListener('input', () => {
  const { length } = tidyName($('join-name').value)
  const isTooLong = length > MAX_NAME_LENGTH
  $('join-name').setAttribute('aria-invalid', String(isTooLong))
  $('join-name-hint').textContent = isTooLong
    ? `${length} characters, ${length - MAX_NAME_LENGTH} too many.`
    : `At most ${MAX_NAME_LENGTH} characters.`
})

$('go').addEventListener('submit', (event) => {
  event.preventDefault()
  const room = tidyRoom($('go-room').value)
  $('go-room').setAttribute('aria-invalid', String(!ROOM_NAME.test(room)))
  if (!ROOM_NAME.test(room)) return $('go-room').focus()
  $('go-room').value = ''
  location.hash = hashOf(room)
})

$('composer').addEventListener('submit', (event) => {
  event.preventDefault()
  say()
})

text.addEventListener('keydown', (event) => {
  // While an input method composes a character, Enter belongs to it.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  say()
})
text.addEventListener('input', showTextLength)

$('unread').addEventListener('click', () => {
  list.scrollToEnd()
  text.focus()
})
$('leave').addEventListener('click', () => {
  rememberJoined(null)
  showEntrance()
})
$('retry').addEventListener('click', retry)
$('side-toggle').addEventListener('click', () => showSide($('chat').dataset.side !== 'open'))
$('rooms').addEventListener('click', () => showSide(false))
document.addEventListener('click', ({ target }) => {
  if (!target.closest('#side, #side-toggle')) showSide(false)
})
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || $('chat').dataset.side !== 'open') return
  showSide(false)
  $('side-toggle').focus()
})
matchMedia('(max-width: 46rem)').addEventListener('change', () => showSide(false))
window.addEventListener('hashchange', followAddress)
window.addEventListener('online', retry)
document.addEventListener('visibilitychange', () => !document.hidden && retry())

followAddress()

/** The address says the room, so that a link is an invitation and Back goes back. */
function followAddress() {
  const room = roomOf(location.hash)
  if (joinedAs === null || room === null) return showEntrance()
  if (visit?.room !== room) openRoom(joinedAs, room)
}

function openRoom(name, room) {
  visit?.connection.end()
  list.clear()
  visit = { name, room, transcript: new Transcript(), connection: null, members: [] }
  rememberRoom(room)
  $('room-title').textContent = room
  $('you').textContent = name
  $('entrance').hidden = true
  $('chat').hidden = false
  $('quiet').hidden = true
  showUnread(0)
  showSide(false)
  showRooms()
  showPeople()

  const url = new URL(`/chat/rooms/${encodeURIComponent(room)}`, location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  url.hash = ''
  const here = visit
  visit.connection = new Connection(url, {
    isFinal: (code) => code === INVALID_MESSAGE || code === NAME_TAKEN || code === REPLACED,
    opened: () => here.connection.send(encode({ type: 'join', name, key: tabKey })),
    received: (json) => receive(here, JSON.parse(json)),
    changed: showState,
  })
  if (matchMedia('(pointer: fine)').matches) text.focus()
}

/** One message of the server, in the room where it was received. */
function receive(here, message) {
  switch (message.type) {
    case 'welcome':
      return welcome(here, message)
    case 'said':
      if (here.transcript.said(message)) showMessage(here, message, false)
      return
    case 'joined':
      here.members = [...here.members, message.name]
      list.addLine(`${message.name} joined`)
      return showPeople()
    case 'left':
      here.members = here.members.filter((name) => name !== message.name)
      list.addLine(`${message.name} left`)
      return showPeople()
  }
}

function welcome(here, message) {
  here.name = message.name
  here.members = message.members
  const { fresh, restarted, missed } = here.transcript.welcome(message)
  list.whileQuiet(() => {
    if (restarted)
      list.addLine('The server started anew: only this page remembers what is above', 'break')
    if (missed > 0) list.addLine(`${missed} messages in between are gone`, 'break')
    for (const said of fresh) showMessage(here, said, true)
  })
  $('quiet').hidden = $('messages').childElementCount > 0
  $('you').textContent = message.name
  showPeople()
  // What was on its way when the connection broke: the server drops those that did arrive.
  for (const waiting of here.transcript.unconfirmed) here.connection.send(encode(waiting))
}

function say() {
  const words = text.value.replaceAll('\r\n', '\n').trim()
  if (words === '' || visit === null) return
  const message = visit.transcript.keep(randomToken(), words)
  if (message === null) {
    $('composer-note').textContent =
      'Many messages wait for the connection: this one has to stay here.'
    return
  }
  text.value = ''
  showTextLength()
  $('quiet').hidden = true
  list.addWaiting(message, visit.name)
  visit.connection.send(encode(message))
}

function showMessage(here, message, replayed) {
  $('quiet').hidden = true
  list.addMessage(message, { own: message.name === here.name, replayed })
}

function showState(state, detail) {
  const words = { connecting: 'Connecting…', open: 'Connected', waiting: 'Offline', closed: 'Left' }
  $('state').dataset.state = state
  $('state').textContent = words[state]
  if (state === 'waiting') {
    const seconds = Math.max(1, Math.round(detail.delayMs / 1000))
    $('state').append(create('span', 'state-detail', `next try in ${seconds} s`))
  }
  $('retry').hidden = state !== 'waiting'
  if (state === 'waiting') {
    visit.members = []
    showPeople()
  }
  if (state === 'closed') leaveWith(detail)
}

/** The server has given its answer: back to the entrance, with the reason. */
function leaveWith({ code, reason }) {
  const sentences = {
    [NAME_TAKEN]: `Somebody in this room is called ${visit.name}. Choose another name.`,
    [REPLACED]: 'You opened this room in another tab. Join again to chat here.',
  }
  rememberJoined(null)
  showEntrance(sentences[code] ?? reason, code === NAME_TAKEN ? 'join-name' : null)
}

function showEntrance(problem = '', field = null) {
  visit?.connection?.end()
  visit = null
  list.clear()
  $('chat').hidden = true
  $('entrance').hidden = false
  $('join-problem').hidden = problem === ''
  $('join-problem').textContent = problem
  for (const id of ['join-name', 'join-room']) {
    $(id).setAttribute('aria-invalid', String(id === field))
  }
  if ($('join-name').value === '')
    $('join-name').value = recall('localStorage', 'towpath-chat-name') ?? ''
  if ($('join-room').value === '')
    $('join-room').value = roomOf(location.hash) ?? recentRooms()[0] ?? 'lobby'
  document.title = 'Towpath chat'
  $(field ?? ($('join-name').value === '' ? 'join-name' : 'join-room')).focus()
}

function showPeople() {
  const items = visit.members.map((name) => {
    const item = create('li', 'person')
    item.append(createAvatar(name), create('bdi', '', name))
    if (name === visit.name) item.append(create('span', 'self', '(you)'))
    return item
  })
  if (items.length === 0) $('people').replaceChildren(create('li', 'self', 'Not connected'))
  else $('people').replaceChildren(...items)
  $('people-count').textContent = String(items.length)
}

function showRooms() {
  const items = recentRooms().map((room) => {
    const link = create('a', '', `# ${room}`)
    link.href = hashOf(room)
    if (room === visit.room) link.setAttribute('aria-current', 'page')
    const item = create('li', '')
    item.append(link)
    return item
  })
  $('rooms').replaceChildren(...items)
}

/** On a phone the side slides over the conversation, which then is out of reach of the keyboard too. */
function showSide(open) {
  $('conversation').inert = open
  $('chat').dataset.side = open ? 'open' : 'shut'
  $('side-toggle').setAttribute('aria-expanded', String(open))
}

function showUnread(count) {
  $('unread').hidden = count === 0
  $('unread').textContent = count === 1 ? '1 new message ↓' : `${count} new messages ↓`
  if (visit === null) return
  document.title = `${count > 0 ? `(${count}) ` : ''}#${visit.room} · Towpath chat`
}

function showTextLength() {
  text.style.height = 'auto'
  text.style.height = `${Math.min(text.scrollHeight + 2, 160)}px`
  const { length } = text.value
  $('composer-note').textContent =
    length >= NEAR_TEXT_LIMIT ? `${text.maxLength - length} characters left` : ''
}

function retry() {
  visit?.connection?.retryNow()
}

function encode(message) {
  return JSON.stringify(message)
}

function tidyName(name) {
  return name.normalize('NFC').trim().replaceAll(/\s+/g, ' ')
}

function tidyRoom(value) {
  return value
    .normalize('NFC')
    .trim()
    .replace(/^#+/, '')
    .trim()
    .replaceAll(/\s+/g, '-')
    .toLowerCase()
}

function hashOf(room) {
  return `#${encodeURIComponent(room)}`
}

function roomOf(hash) {
  try {
    const room = tidyRoom(decodeURIComponent(hash.slice(1)))
    return ROOM_NAME.test(room) ? room : null
  } catch {
    return null // a percent sign that begins nothing: not a room
  }
}

function rememberJoined(name) {
  joinedAs = name
  if (name === null) forget('sessionStorage', 'towpath-chat-name')
  else store('sessionStorage', 'towpath-chat-name', name)
}
