import { connectTopics } from '/towpath/browser-topics-client.js'

const $ = (id) => document.getElementById(id)

$('enter').addEventListener('submit', (event) => {
  event.preventDefault()
  void enter($('name').value, $('room').value)
})

async function enter(name, roomName) {
  $('enter').hidden = true
  document.querySelector('main').hidden = false
  $('text').focus()

  // The connection comes back when it is lost, and continues where it was.
  const url = new URL('/topics', location.href.replace('http', 'ws'))
  const live = connectTopics(url, { token: () => name })
  const room = live.topic(`rooms/${roomName}`)
  $('say').addEventListener('submit', (event) => {
    event.preventDefault()
    void say(room, $('text').value)
    $('text').value = ''
  })
  await Promise.all([showStates(live), showMembers(room), showMessages(room)])
}

/** Resolves when the server has stored the message. While offline, it waits. */
async function say(room, text) {
  try {
    await room.publish({ from: '', text })
  } catch (error) {
    add('note', '', `Not sent: ${error.message}`)
  }
}

async function showMessages(room) {
  for await (const item of room.events({ from: { last: 50 } })) {
    if (item.type === 'event') add('message', item.event.from, item.event.text)
    if (item.type === 'gap') add('note', '', 'Messages are missing here')
  }
}

async function showMembers(room) {
  await room.presence.join()
  const members = new Set()
  for await (const change of room.presence.changes()) {
    if (change.type === 'members') {
      members.clear()
      for (const { key } of change.members) members.add(key)
    }
    if (change.type === 'joined') members.add(change.member.key)
    if (change.type === 'left') members.delete(change.member.key)
    $('members').textContent = `Here: ${[...members].sort().join(', ')}`
  }
}

async function showStates(live) {
  const words = {
    connecting: 'Connecting …',
    open: 'Connected',
    waiting: 'Reconnecting …',
    closed: 'Closed',
  }
  for await (const { type } of live.connection.states()) {
    $('state').dataset.state = type
    $('state').textContent = words[type]
  }
}

function add(kind, from, text) {
  const list = $('messages')
  const follow = list.scrollHeight - list.scrollTop - list.clientHeight < 40
  const line = document.createElement('li')
  line.className = kind
  const author = document.createElement('b')
  author.textContent = from
  line.append(author, ' ', text)
  list.append(line)
  if (follow) list.scrollTop = list.scrollHeight
}
