/**
 * Counts the objects that an idle session of a server holds, by class, from two heap snapshots:
 *
 *     npm run build && node bench/objects.mjs [folder of a build, ./dist by default]
 *     node bench/objects.mjs --deflate            with permessage-deflate agreed
 *     npm run build && npm run check:objects      checks both numbers against their bounds
 *
 * The clients live in another process, so that only the server's objects are counted.
 */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { setFlagsFromString, getHeapSnapshot } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { fileURLToPath, pathToFileURL } from 'node:url'

const IS_CHECK = process.argv.includes('--check')
const SESSIONS = IS_CHECK ? 100 : 500
/** Sessions before the first snapshot: code and shapes that the first ones make are no session's. */
const WARM_SESSIONS = 200

/** Folders of a build whose classes make up a session, without its transport and its call. */
const SESSION_FOLDERS = ['session', 'channels', 'protocol', 'extensions', 'application/sessions']

const HAS_DEFLATE = process.argv.includes('--deflate')
/** How many instances of these classes an idle session may hold, and their bytes. */
const [MAX_INSTANCES, MAX_BYTES] = HAS_DEFLATE ? [11, 936] : [8, 688]
const REQUEST =
  'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  (HAS_DEFLATE ? 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n' : '') +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
/** The masked text message `a`. */
const MESSAGE = Buffer.from('818100000000' + '61', 'hex')

/** In the child: opens the sessions, has each echo once, and keeps them. */
async function beClients(port, count) {
  const sockets = []
  for (let opened = 0; opened < count; opened++) {
    const socket = connect(port, '127.0.0.1')
    socket.write(REQUEST)
    await once(socket, 'data')
    socket.write(MESSAGE)
    await once(socket, 'data')
    sockets.push(socket)
  }
  process.send('open')
}

/** How many objects there are of each kind and name, and their bytes without what they refer to. */
async function countObjects() {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  for (let time = 0; time < 3; time++) collect()
  const chunks = []
  for await (const chunk of getHeapSnapshot()) chunks.push(chunk)
  const { snapshot, nodes, strings } = JSON.parse(Buffer.concat(chunks).toString())
  const { node_fields: fields, node_types: types } = snapshot.meta
  const [type, name, size] = ['type', 'name', 'self_size'].map((field) => fields.indexOf(field))
  const counts = new Map()
  for (let at = 0; at < nodes.length; at += fields.length) {
    const kind = types[0][nodes[at + type]]
    if (kind === 'code' || kind === 'number') continue
    // Hidden objects are parts of others: reactions of promises, properties.
    const isNamed = kind === 'object' || kind === 'hidden'
    const key = isNamed ? strings[nodes[at + name]] : `(${kind})`
    const entry = counts.get(key) ?? { count: 0, bytes: 0 }
    entry.count += 1
    entry.bytes += nodes[at + size]
    counts.set(key, entry)
  }
  return counts
}

/** In the parent: serves, and prints what each session has added. */
async function beServer(folder) {
  const { embeddedServer, permessageDeflate, WebSockets } = await import(
    pathToFileURL(resolve(folder, 'index.js')).href
  )
  const server = embeddedServer({ port: 0, host: '127.0.0.1' }, (app) => {
    app.install(WebSockets, HAS_DEFLATE ? { extensions: [permessageDeflate()] } : {})
    app.routing((route) => {
      route.webSocket('/', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
    })
  })
  const started = await server.start()
  const { port } = started.address ?? server.address
  const first = await openClients(port, WARM_SESSIONS)
  const before = await countObjects()
  const second = await openClients(port, SESSIONS)
  const after = await countObjects()

  const rows = [...after]
    .map(([key, { count, bytes }]) => {
      const old = before.get(key) ?? { count: 0, bytes: 0 }
      return { key, each: (count - old.count) / SESSIONS, bytes: (bytes - old.bytes) / SESSIONS }
    })
    .filter(({ each }) => each > 0.9)
    .sort((a, b) => b.bytes - a.bytes)
  for (const { key, each, bytes } of rows) {
    console.log(`${each.toFixed(1).padStart(6)} ${bytes.toFixed(0).padStart(6)} B  ${key}`)
  }
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0)
  console.log(`       ${bytes.toFixed(0).padStart(6)} B  of all of these`)
  first.kill()
  second.kill()
  if (IS_CHECK) check(folder, rows)
  process.exit()
}

/** Opens `count` sessions in a child, and has each echo once. */
async function openClients(port, count) {
  const flags = process.argv.slice(2).filter((each) => each.startsWith('--'))
  const given = ['--clients', String(port), String(count), ...flags]
  const child = fork(fileURLToPath(import.meta.url), given)
  await once(child, 'message')
  return child
}

/** Compares the instances of the classes of a session with their bound. */
function check(folder, rows) {
  const classes = new Set(SESSION_FOLDERS.flatMap((each) => classesOf(resolve(folder, each))))
  const held = rows.filter(({ key }) => classes.has(key))
  const count = held.reduce((sum, { each }) => sum + Math.round(each), 0)
  const size = Math.round(held.reduce((sum, { bytes }) => sum + bytes, 0))
  const names = held.map(({ key }) => key).join(', ')
  console.log(`${count} instances of classes of a session, ${size} bytes: ${names}`)
  if (count <= MAX_INSTANCES && size <= MAX_BYTES && held.length > 0) return
  console.error(
    `Cannot accept an idle session with ${count} instances of ${size} bytes, ` +
      `expected 1 to ${MAX_INSTANCES} of at most ${MAX_BYTES} bytes`,
  )
  process.exitCode = 1
}

/** The names of the classes that the files of `folder` declare. */
function classesOf(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.js'))
    .flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(/\bclass (\w+)/g)])
    .map(([, name]) => name)
}

if (process.argv[2] === '--clients')
  await beClients(Number(process.argv[3]), Number(process.argv[4]))
else await beServer(process.argv.slice(2).find((each) => !each.startsWith('--')) ?? 'dist')
