/**
 * One node that serves a topic, in the way of each library. The rest is as contract.mjs says.
 *
 * `BENCH_TOPICS` = `towpath`, `uws`, `ws` or `socket.io`. `BENCH_BROKER` = `memory`, `redis` or `nats`,
 * for Socket.IO also `redis-streams`; `BENCH_ENGINE` = the port of the broker. `BENCH_GRACE` = how many
 * milliseconds members count whose connection is lost: a slow machine needs more than 10 000.
 */

import { createServer } from 'node:http'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

import { MAX_BUFFERED_BYTES, MAX_MESSAGE_BYTES, port, ready, requirePeer } from './contract.mjs'

const dist = process.env.TOWPATH_DIST
const load = (path) => import(dist ? pathToFileURL(`${dist}/${path}`).href : `../../dist/${path}`)
const engine = process.env.BENCH_ENGINE
const collect = () => globalThis.gc()
/** Listeners that connect at once must not be refused, and the publisher is fast. */
const UNLIMITED = 1_000_000
const WRITE_TIMEOUT_MS = 120_000
const GRACE_MS = Number(process.env.BENCH_GRACE ?? 10_000)
const LAGGING = ['replay', 'latest', 'skip', 'close']

const STARTS = {
  towpath: startTowpath,
  uws: startUws,
  ws: startWs,
  'socket.io': startSocketIo,
}
process.on('SIGTERM', () => process.exit(0))
await STARTS[process.env.BENCH_TOPICS]()

async function startTowpath() {
  const { WebSockets, embeddedServer } = await load('index.js')
  const { Topics, defineTopic } = await load('topics/index.js')
  const history = { size: 2000, age: 600_000 }
  // An event begins with "@" and its number, of ten digits: ten keys in turn.
  const key = (event) => event[10]
  const kinds = Object.fromEntries(
    LAGGING.map((lagging) => [
      lagging,
      defineTopic(`${lagging}/:topic`, { history, lagging, ...(lagging === 'latest' && { key }) }),
    ]),
  )
  kinds.crowd = defineTopic('crowd/:topic', { presence: { listed: 10_000 } })
  const broker = await brokerOf(process.env.BENCH_BROKER)
  const counts = { reads: 0, sends: 0, lagged: 0 }
  countCalls(broker, counts)
  const server = embeddedServer({ port, host: '127.0.0.1', signals: false }, (app) => {
    app.install(WebSockets, {
      origins: 'any',
      maxUpgradesPerSecond: UNLIMITED,
      // The default drops a session that takes nothing for 30 s, whatever the policy of its topics.
      writeTimeout: WRITE_TIMEOUT_MS,
    })
    const topics = app.install(Topics, {
      broker,
      namespace: 'bench',
      secret: 'a secret of all nodes',
      maxPublishesPerSecond: UNLIMITED,
      grace: GRACE_MS,
    })
    topics.monitor.on('subscriberLags', () => counts.lagged++)
    const allowed = { subscribe: () => true, publish: () => true }
    for (const name of LAGGING) topics.allow(kinds[name], allowed)
    topics.allow(kinds.crowd, {
      ...allowed,
      presence: ({ client, meta }) => ({ key: meta?.name ?? client.id, meta: null }),
    })
    app.routing((route) => topics.serve(route, '/live'))
    obey({
      topics,
      kinds,
      counts,
      statistics: () => app.statistics(),
      stop: (options) => server.stop(options),
    })
  })
  await server.start()
  ready(server.address.port, collect)
}

async function brokerOf(name) {
  if (name === 'redis') {
    const { redisBroker } = await load('brokers/redis/index.js')
    return redisBroker({ url: `redis://127.0.0.1:${engine}` })
  }
  if (name === 'nats') {
    const { natsBroker } = await load('brokers/nats/index.js')
    return natsBroker({ servers: `127.0.0.1:${engine}` })
  }
  const { memoryBroker } = await load('topics/index.js')
  return memoryBroker()
}

/** Counts what the node asks the broker's log for, and what it sends to other nodes. */
function countCalls(broker, counts) {
  const [read, send] = [broker.read.bind(broker), broker.send.bind(broker)]
  broker.read = (...question) => {
    counts.reads++
    return read(...question)
  }
  broker.send = (...message) => {
    counts.sends++
    send(...message)
  }
}

/** Answers each line of the input with a line of JSON. */
function obey({ topics, kinds, counts, statistics, stop }) {
  const crowd = () => topics.topic(kinds.crowd, { topic: '1' })
  const changes = { joined: 0, left: 0, updated: 0 }
  const orders = {
    position: () => topics.topic(kinds.replay, { topic: '1' }).position(),
    counts: () => counts,
    /** What sessions hold in memory, as the application counts it. */
    buffered: () => ({ bytes: statistics().bytesBuffered }),
    async presence() {
      const { members, complete } = await crowd().presence.list()
      const count = await crowd().presence.count()
      const { members: here = 0 } =
        topics.statistics().kinds.find(({ kind }) => kind === kinds.crowd.pattern) ?? {}
      return { count, here, listed: members.length, complete, ...changes }
    },
    watch() {
      void watch()
      return {}
    },
    async drain() {
      await stop({ grace: 2000, timeout: 5000 })
      return { graceMs: GRACE_MS }
    },
  }
  async function watch() {
    for await (const { type } of crowd().presence.changes()) if (type in changes) changes[type]++
  }
  let rest = ''
  process.stdin.setEncoding('utf8')
  process.stdin.on('data', (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()
    void obey(lines) // an order that fails ends the process
  })
  async function obey(lines) {
    for (const line of lines) {
      const answer = await orders[line]()
      process.stdout.write(`ANSWER ${JSON.stringify(answer)}\n`)
    }
  }
}

/** "join" subscribes; any other message is published. */
function startUws() {
  const build = `uws_${process.platform}_${process.arch}_${process.versions.modules}`
  const uws = requirePeer(`@trufflesuite/uws-js-unofficial/binaries/${build}.node`)
  const app = uws.App()
  app.ws('/*', {
    maxPayloadLength: MAX_MESSAGE_BYTES,
    maxBackpressure: MAX_BUFFERED_BYTES,
    idleTimeout: 0,
    sendPingsAutomatically: false,
    message(socket, data) {
      if (Buffer.from(data).toString('latin1', 0, 4) !== 'join') {
        app.publish('bench', data, false, false)
        return
      }
      socket.subscribe('bench')
      socket.send('ready', false)
    },
  })
  app.listen('127.0.0.1', port, (listening) => {
    ready(uws.us_socket_local_port(listening), collect)
  })
}

function startWs() {
  const { WebSocketServer } = requirePeer('ws')
  const listeners = new Set()
  const http = createServer()
  const server = new WebSocketServer({ server: http, perMessageDeflate: false })
  server.on('connection', (socket) => {
    socket.on('close', () => listeners.delete(socket))
    socket.on('message', (data) => {
      const text = data.toString()
      if (text !== 'join') {
        for (const each of listeners) each.send(text)
        return
      }
      listeners.add(socket)
      socket.send('ready')
    })
  })
  http.listen(port, '127.0.0.1', () => ready(http.address().port, collect))
}

async function startSocketIo() {
  const { Server } = requirePeer('socket.io')
  const http = createServer()
  const adapter = await socketIoAdapter(process.env.BENCH_BROKER)
  const io = new Server(http, {
    transports: ['websocket'],
    serveClient: false,
    perMessageDeflate: false,
    pingInterval: 600_000,
    ...(adapter && { adapter }),
  })
  io.on('connection', async (socket) => {
    socket.on('publish', (data) => io.to('bench').emit('event', data))
    if (socket.handshake.auth.speaks) return
    await socket.join('bench')
    socket.emit('ready')
  })
  http.listen(port, '127.0.0.1', () => ready(http.address().port, collect))
}

async function socketIoAdapter(name) {
  if (name === 'memory') return null
  const { createClient } = requirePeer('@redis/client')
  const clients = [1, 2].map(() => createClient({ url: `redis://127.0.0.1:${engine}` }))
  for (const client of clients) await client.connect()
  if (name === 'redis') {
    return requirePeer('@socket.io/redis-adapter').createAdapter(...clients)
  }
  return requirePeer('@socket.io/redis-streams-adapter').createAdapter(clients[0])
}
