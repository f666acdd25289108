/**
 * Measures what topics hold in memory: bytes of heap for each cursor, each subscription of a session
 * with the wire protocol, and each followed topic, without the broker's own.
 *
 *     npm run build && node --expose-gc bench/topics-memory.mjs [folder of a build, ./dist]
 *
 * The counts do not depend on the speed of the machine. It fails above what the design allows.
 */

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const COUNT = 50_000
const TOPICS_OF_SESSION = 100
const MAX_CURSOR = 100
const STEADY_BYTES = 50_000
const MAX_WAITS = 10
const MAX_TOPIC = 512
const HISTORY = { size: 100, age: 600_000 }

const dist = pathToFileURL(`${resolve(process.argv[2] ?? 'dist')}/`)
const load = (path) => import(new URL(path, dist).href)
const { defineTopic } = await load('topics/index.js')
const { createTopicsEnvironment } = await load('topics/topics-environment.js')
const { TopicNode } = await load('topics/node/topic-node.js')
const { SessionOutlets } = await load('topics/session-outlets.js')
const { WireFeed } = await load('topics/wire/wire-feed.js')
const { encodingOf } = await load('topics/wire/encodings.js')

const Room = defineTopic('rooms/:room', { history: HISTORY })
const idle = { ready: () => {}, lagged: () => 'skips' }

/** A broker that holds nothing: each head has a text of its own, as from a real one. */
const broker = {
  appendsInFlight: Infinity,
  offsets: 'dense',
  open: (sink) => Promise.resolve(sink.state({ state: 'up' })),
  close: () => Promise.resolve(),
  prepare: () => Promise.resolve(),
  follow: () => Promise.resolve(headOf()),
  unfollow() {},
  heads: (topics) => Promise.resolve(topics.map(headOf)),
}

function headOf() {
  return { epoch: Buffer.from('0123456789abcdef').toString(), offset: 0 }
}

/** A session that takes everything and keeps nothing. */
function createSession() {
  return {
    outgoing: { trySend: () => 'sent', whenWritable: () => Promise.resolve() },
    closed: new Promise(() => {}),
    close: () => Promise.resolve(),
  }
}

async function createNode() {
  const environment = createTopicsEnvironment()
  const settings = { namespace: 'a', nodeId: 'a', dedupeMs: 120_000, publishTimeoutMs: 10_000 }
  const node = new TopicNode(
    broker,
    environment,
    { ...settings, lingerMs: 10_000, checkEveryMs: 25_000, whileDown: 'local' },
    { brokerChanged() {}, told() {}, message() {} },
  )
  await node.open()
  return node
}

/**
 * Bytes of heap. Waits for the first checks, whose timers are not of a topic that lasts: on a busy
 * machine until nothing is let go any more.
 */
async function heap() {
  for (let before = Infinity, waits = 0; ; waits++) {
    await new Promise((done) => setTimeout(done, 3000))
    for (let turn = 0; turn < 4; turn++) globalThis.gc()
    const { heapUsed } = process.memoryUsage()
    if (heapUsed > before - STEADY_BYTES || waits === MAX_WAITS) return heapUsed
    before = heapUsed
  }
}

/** Bytes of heap for each of `count` things that `make` makes and `kept` holds. */
async function bytesOf(count, make) {
  const kept = []
  await make(kept, 0)
  const before = await heap()
  for (let at = 1; at <= count; at++) await make(kept, at)
  const after = await heap()
  // `kept` itself holds a pointer for each.
  const bytes = (after - before) / count - (kept.length > 1 ? 8 : 0)
  return { bytes: Math.round(bytes), kept }
}

const cursors = await createNode()
const cursor = await bytesOf(COUNT, async () => {
  await cursors.subscribe('rooms/1', Room, idle, 'now')
})
const topics = await createNode()
const topic = await bytesOf(COUNT, async (_kept, at) => {
  await topics.subscribe(`rooms/${at}`, Room, idle, 'now')
})
const wire = await createNode()
const outlets = new SessionOutlets(wire, { emit() {}, failed() {} })
const encoding = encodingOf(null)
let feed
let receiver
const subscription = await bytesOf(COUNT, async (kept, at) => {
  if (at % TOPICS_OF_SESSION === 0) {
    const session = createSession()
    feed = new WireFeed(encoding)
    receiver = outlets.receiverOf(session, feed)
    kept.push(session)
  }
  await outlets.attach(receiver, `rooms/${at % TOPICS_OF_SESSION}`, Room, 'now', (begun) => {
    feed.begin(begun, { id: 1, isResume: false })
    return true
  })
})

const followed = topic.bytes - cursor.bytes
console.log(`cursor: ${cursor.bytes} bytes (at most ${MAX_CURSOR})`)
console.log(
  `subscription of a session, its share of the session included: ${subscription.bytes} bytes`,
)
console.log(`followed topic without its cursor: ${followed} bytes (at most ${MAX_TOPIC})`)
process.exit(cursor.bytes <= MAX_CURSOR && followed <= MAX_TOPIC ? 0 : 1)
