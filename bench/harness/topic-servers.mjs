/**
 * The servers of the scenarios of topics: one node or two, with the broker between them. How each is
 * subscribed to and published to is what the load generator is told.
 */

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'

import { BUILD, ROOT } from './folders.mjs'
import { manifestVersion, peerVersion, readLines, residentBytes, stop } from './servers.mjs'

const NODE = [process.execPath, '--expose-gc', `${ROOT}/bench/servers/topics.mjs`]
const ENGINE_DEADLINE_MS = 20_000

/** What a client of each library sends, and is answered. "$D" is the event, "$S" its number. */
const DIALECTS = {
  towpath: {
    path: '/live',
    protocol: 'v1.json.topics.towpath',
    greeting: '{"type":"hello","topics":[{"topic":"replay/1","from":"now"}]}',
    speaker: '{"type":"hello"}',
    event: '{"type":"publish","id":$S,"topic":"replay/1","seq":$S,"data":"$D"}',
    ready: '"type":"live"',
    acknowledgement: '"type":"published"',
  },
  plain: { path: '/', greeting: 'join', event: '$D', ready: 'ready' },
  'socket.io': {
    path: '/socket.io/?EIO=4&transport=websocket',
    greeting: '40',
    speaker: '40{"speaks":true}',
    event: '42["publish","$D"]',
    ready: '42["ready"]',
  },
  centrifugo: {
    path: '/connection/websocket',
    greeting: '{"id":1,"connect":{}}\t{"id":2,"subscribe":{"channel":"bench"}}',
    speaker: '{"id":1,"connect":{}}',
    event: '{"id":$S,"publish":{"channel":"bench","data":"$D"}}',
    ready: '"id":2,',
    acknowledgement: '"publish":{}',
  },
}

const towpath = (broker, nodes, colour) => ({
  topics: 'towpath',
  broker,
  nodes,
  colour,
  dialect: DIALECTS.towpath,
  version: () => `${manifestVersion(`${ROOT}/package.json`)}, ${describe(broker, nodes)}`,
})
const socketIo = (broker, nodes, colour, adapter) => ({
  topics: 'socket.io',
  broker,
  nodes,
  colour,
  dialect: DIALECTS['socket.io'],
  version: () =>
    [`Socket.IO ${peerVersion('socket.io')}`, adapter && `${adapter} ${peerVersion(adapter)}`]
      .filter(Boolean)
      .join(', '),
})
const centrifugo = (broker, nodes, colour) => ({
  topics: 'centrifugo',
  broker,
  nodes,
  colour,
  dialect: DIALECTS.centrifugo,
  toolchain: 'centrifugo',
  version: () => `Centrifugo 6.9.1, ${describe(broker, nodes)}`,
})

/** By name. `nodes` = how many, `broker` = what connects them. */
export const TOPIC_SERVERS = {
  topics: towpath('memory', 1, '#c2410c'),
  'topics-redis': towpath('redis', 2, '#ea580c'),
  'topics-nats': towpath('nats', 2, '#fb923c'),
  'uws-publish': {
    topics: 'uws',
    broker: 'memory',
    nodes: 1,
    colour: '#1d4ed8',
    dialect: DIALECTS.plain,
    version: () => `uWebSockets.js ${peerVersion('@trufflesuite/uws-js-unofficial')}, publish`,
  },
  'ws-loop': {
    topics: 'ws',
    broker: 'memory',
    nodes: 1,
    colour: '#4b5563',
    environment: { WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' },
    dialect: DIALECTS.plain,
    version: () => `ws ${peerVersion('ws')}, a loop`,
  },
  'socket.io-rooms': socketIo('memory', 1, '#111827'),
  'socket.io-redis': socketIo('redis', 2, '#374151', '@socket.io/redis-adapter'),
  'socket.io-streams': socketIo('redis-streams', 2, '#9ca3af', '@socket.io/redis-streams-adapter'),
  centrifugo: centrifugo('memory', 1, '#15803d'),
  'centrifugo-redis': centrifugo('redis', 2, '#86efac'),
}

function describe(broker, nodes) {
  if (nodes === 1) return 'one node, broker in memory, with history'
  return `two nodes over ${broker === 'nats' ? 'NATS' : 'Redis'}, with history`
}

/**
 * Starts the broker and the nodes of a server, on the core of servers.
 *
 * @param {string} name one of `TOPIC_SERVERS`
 * @param {{ core: number | string, nodes?: number }} options `nodes` is another number of nodes
 */
export async function startTopics(name, { core, nodes: count }) {
  const server = TOPIC_SERVERS[name]
  const engine = await startEngine(server.broker, core)
  const nodes = []
  const startNode = async () => {
    const node = await start(server, engine, core)
    nodes.push(node)
    return node
  }
  try {
    for (let at = 0; at < (count ?? server.nodes); at++) await startNode()
  } catch (error) {
    await Promise.all(nodes.map((node) => node.stop()))
    await engine?.stop()
    throw error
  }
  return {
    name,
    dialect: server.dialect,
    nodes,
    engine,
    startNode,
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()))
      await engine?.stop()
    },
  }
}

async function start(server, engine, core) {
  if (server.topics === 'centrifugo') return startCentrifugo(server, engine, core)
  const child = spawn('taskset', ['-c', String(core), ...NODE, '0'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      ...server.environment,
      BENCH_TOPICS: server.topics,
      BENCH_BROKER: server.broker,
      ...(engine && { BENCH_ENGINE: String(engine.port) }),
    },
  })
  const lines = readLines(child)
  const port = Number((await lines.next(/^READY (\d+)$/, `${server.topics} to listen`))[1])
  return {
    port,
    pid: child.pid,
    /** Asks the node; it is Towpath. */
    async ask(order) {
      child.stdin.write(`${order}\n`)
      return JSON.parse((await lines.next(/^ANSWER (.+)$/, `the answer to "${order}"`))[1])
    },
    residentBytes: () => residentBytes(child.pid),
    kill: () => child.kill('SIGKILL'),
    stop: () => stop(child),
  }
}

async function startCentrifugo({ broker }, engine, core) {
  const folder = mkdtempSync(join(tmpdir(), 'towpath-bench-'))
  const port = await freePort()
  const config = {
    http_server: { address: '127.0.0.1', port: String(port) },
    log: { level: 'error' },
    client: { insecure: true, allowed_origins: ['*'], ping_interval: '600s', pong_timeout: '10s' },
    channel: { without_namespace: { history_size: 2000, history_ttl: '60s' } },
    ...(broker === 'redis' && {
      engine: { type: 'redis', redis: { address: `redis://127.0.0.1:${engine.port}` } },
    }),
  }
  writeFileSync(`${folder}/config.json`, JSON.stringify(config))
  const program = [`${BUILD}/centrifugo/centrifugo`, '-c', `${folder}/config.json`]
  const child = spawn('taskset', ['-c', String(core), ...program], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  await accepts(child, port, 'centrifugo')
  return {
    port,
    pid: child.pid,
    residentBytes: () => residentBytes(child.pid),
    async stop() {
      await stop(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Starts Redis or NATS in a folder of its own; `null` for brokers in memory. */
async function startEngine(broker, core) {
  if (broker === 'memory') return null
  const folder = mkdtempSync(join(tmpdir(), 'towpath-bench-'))
  const port = await freePort()
  const redis = 'redis-server --bind 127.0.0.1 --appendonly yes --appendfsync everysec --save'
  const command =
    broker === 'nats'
      ? ['nats-server', '-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder]
      : [...redis.split(' '), '', '--port', String(port), '--dir', folder]
  const child = spawn('taskset', ['-c', String(core), ...command], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  })
  await accepts(child, port, command[0])
  return {
    port,
    pid: child.pid,
    async stop() {
      await stop(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Resolves when something accepts connections at `port`. */
async function accepts(child, port, what) {
  const deadline = Date.now() + ENGINE_DEADLINE_MS
  while (Date.now() < deadline && child.exitCode === null) {
    const socket = connect(port, '127.0.0.1')
    const accepted = await new Promise((resolve) => {
      socket.on('connect', () => resolve(true))
      socket.on('error', () => resolve(false))
    })
    socket.destroy()
    if (accepted) return
    await sleep(20)
  }
  throw new Error(`Cannot start ${what}: it does not listen`)
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
