/**
 * The chat page: the entrance, the room, and the messages between the screen and the server. It
 * loads the built library; an application would use a bundler.
 */

import { connect } from '/towpath/browser-client.js'
import { contractOf, keptStreams, typedPageConnection } from '/towpath/messages/page/index.js'
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

const PERSON_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._'’-]{0,23}$/u
const MAX_NAME_LENGTH = 24
/** From here on, the writer is told how much space is left. */
const NEAR_TEXT_LIMIT = 1800
/** More messages than this do not wait for the connection. */
const MAX_WAITING = 20
/** The server recognises a message that is sent again for 2 minutes. */
const SEND_FOR_MS = 100_000

const $ = (id) => document.getElementById(id)
const text = $('text')
const list = new MessageList($('log'), $('messages'), showUnread)
const tabKey = recallTabKey()

/** The room that is open: its names, members and connection; `null` at the entrance. */
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
  void visit?.connection.close()
  list.clear()
  const url = new URL(`/chat/rooms/${encodeURIComponent(room)}`, location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  url.hash = ''
  const connection = connect(url, { protocols: ['chat.1+json'] })
  const { keep, requestCatching } = typedPageConnection(connection, contractOf('chat.1+json'), {
    features: [keptStreams],
  })
  const here = { name, room, connection, keep, requestCatching, members: [], isReplaying: true }
  visit = here

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
  void stay(here)
  if (matchMedia('(pointer: fine)').matches) text.focus()
}

/** Shows the room until it is left, or the server refuses this page. */
async function stay(here) {
  try {
    await Promise.all([showStates(here), showMembers(here), showMessages(here)])
  } catch (error) {
    if (here === visit) leaveWith(error)
  }
}

async function showStates(here) {
  for await (const state of here.connection.states()) showState(here, state)
}

/** Asked again on each connection; the key gives this tab its old place. */
async function showMembers(here) {
  for await (const change of here.keep('enter', () => ({ name: here.name, key: tabKey }))) {
    if (change.type === 'members') here.members = change.names
    if (change.type === 'joined') here.members = [...here.members, change.name]
    if (change.type === 'left') here.members = here.members.filter((name) => name !== change.name)
    if (change.type === 'joined' || change.type === 'left') {
      list.addLine(`${change.name} ${change.type}`)
    }
    showPeople()
  }
}

/** Each connection continues after the last message that was shown. */
async function showMessages(here) {
  for await (const item of here.keep('read', (last) => ({ after: last?.position ?? null }))) {
    if (item.type === 'said') showMessage(here, item)
    if (item.type === 'gap') list.addLine(describeGap(item), 'break')
    if (item.type === 'live') showReplaying(here, false)
  }
}

function describeGap({ reason, missed }) {
  if (reason === 'epoch') return 'The server started anew: only this page remembers what is above'
  return `${missed ?? 'Some'} messages in between are gone`
}

/** Screen readers hear what is new, not fifty messages of history in a row. */
function showReplaying(here, isReplaying) {
  here.isReplaying = isReplaying
  $('log').setAttribute('aria-busy', String(isReplaying))
  if (!isReplaying) $('quiet').hidden = $('messages').childElementCount > 0
}

function say() {
  const words = text.value.replaceAll('\r\n', '\n').trim()
  if (words === '' || visit === null) return
  if (list.waitingCount >= MAX_WAITING) {
    $('composer-note').textContent =
      'Many messages wait for the connection: this one has to stay here.'
    return
  }
  const message = { ref: randomToken(), text: words }
  text.value = ''
  showTextLength()
  $('quiet').hidden = true
  list.addWaiting(message, visit.name)
  void send(visit, message)
}

/** Sends a message over as many connections as it takes. The server stores it once. */
async function send({ connection, requestCatching }, message) {
  const deadline = performance.now() + SEND_FOR_MS
  for (;;) {
    const timeout = Math.max(1, deadline - performance.now())
    const outcome = await requestCatching('say', message, { timeout })
    if (outcome.type === 'value') return
    if (outcome.failure !== 'DISCONNECTED' || connection.state.type === 'closed') break
  }
  list.failWaiting(message.ref)
}

function showMessage(here, message) {
  $('quiet').hidden = true
  list.addMessage(message, { own: message.name === here.name, replayed: here.isReplaying })
}

function showState(here, state) {
  if (here !== visit) return
  const words = { connecting: 'Connecting…', open: 'Connected', waiting: 'Offline', closed: 'Left' }
  $('state').dataset.state = state.type
  $('state').textContent = words[state.type]
  $('retry').hidden = state.type !== 'waiting'
  if (state.type !== 'waiting') return
  const seconds = Math.max(1, Math.round(state.delay / 1000))
  $('state').append(create('span', 'state-detail', `next try in ${seconds} s`))
  here.members = []
  showPeople()
  showReplaying(here, true)
}

/** The server has refused this page: back to the entrance, with the reason. */
function leaveWith({ failure, issues, message }) {
  const sentences = {
    NAME_TAKEN: `Somebody in this room is called ${visit.name}. Choose another name.`,
    INVALID: issues?.[0]?.message,
    DISCONNECTED: 'The server has closed this room.',
  }
  rememberJoined(null)
  showEntrance(sentences[failure] ?? message, failure === 'NAME_TAKEN' ? 'join-name' : null)
}

function showEntrance(problem = '', field = null) {
  void visit?.connection.close()
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
  visit?.connection.retryNow()
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
