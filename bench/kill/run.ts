/**
 * The kill test: `npm run bench:kill -- --broker redis --kills 20`.
 *
 * Two nodes over a real broker, clients that publish and subscribe, and SIGKILL of a node in turn, while everybody
 * goes on. In the end nothing acknowledged may be lost, stored twice or out of order, and no subscriber may miss
 * an event without being told.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { connectTopics } from 'towpath/client/topics'
import { openTopics } from 'towpath/topics'
import { freePort } from '../../test/support/brokers/engine-process.ts'
import { NatsServers } from '../../test/support/brokers/nats-harness.ts'
import { RedisServer } from '../../test/support/brokers/redis-harness.ts'
import { brokerOf, KILL, NAMESPACE } from './shared.ts'
import { judge, type KillEvent, type Seen, type Verdict } from './verdict.ts'

const { values } = parseArgs({
  options: {
    broker: { type: 'string', default: 'redis' },
    kills: { type: 'string', default: '20' },
    'engine-kills': { type: 'string', default: '0' },
    pauses: { type: 'string', default: '0' },
    every: { type: 'string', default: '2000' },
    clients: { type: 'string', default: '40' },
    topics: { type: 'string', default: '4' },
  },
})
const everyMs = Number(values.every)
const topicCount = Number(values.topics)

const atExit: Array<() => void> = []

/** The engine, and how it is killed. */
interface Engine {
  readonly name: string
  readonly addresses: readonly string[]
  readonly restart: () => Promise<void>
  readonly end: () => Promise<void>
}

class Node {
  readonly port: number
  readonly #engine: Engine
  #child: ChildProcess | null = null

  constructor(port: number, engine: Engine) {
    this.port = port
    this.#engine = engine
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    atExit.push(() => void this.#child?.kill('SIGKILL'))
    const env = { ...process.env, PORT: `${this.port}`, BROKER: this.#engine.name }
    this.#child = spawn(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL('node.ts', import.meta.url))],
      {
        env: { ...env, ENGINE: this.#engine.addresses.join(',') },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      },
    )
    await once(this.#child, 'message')
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child === null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }
}

async function startEngine(): Promise<Engine> {
  if (values.broker === 'redis') {
    const server = await RedisServer.start()
    atExit.push(() => void server.engine.kill())
    return {
      name: 'redis',
      addresses: [`127.0.0.1:${server.port}`],
      async restart() {
        await server.engine.kill()
        await server.engine.start()
        await server.loaded()
      },
      end: () => server.end(),
    }
  }
  const servers = await NatsServers.start(values.broker === 'nats3' ? 3 : 1)
  atExit.push(() => void servers.kill())
  return {
    name: 'nats',
    addresses: servers.ports.map((port) => `127.0.0.1:${port}`),
    restart: () => servers.restart(),
    end: () => servers.end(),
  }
}

/** A client that publishes one event after another, and subscribes to the same topic. */
class Client {
  readonly topic: string
  readonly acknowledged: KillEvent[] = []
  readonly seen: Seen[] = []
  newestOffset = 0
  uncertain = 0
  refused = 0
  readonly #id: number
  readonly #ended = new AbortController()
  readonly #live: ReturnType<typeof connectTopics>
  #isPublishing = true
  #loops: Promise<unknown> = Promise.resolve()

  constructor(id: number, ports: readonly number[]) {
    this.#id = id
    this.topic = `kill/${id % topicCount}`
    let attempt = id
    this.#live = connectTopics(
      () => `ws://127.0.0.1:${ports[attempt++ % ports.length] ?? 0}/live`,
      { connection: { reconnect: { baseDelay: 50, maxDelay: 500 } } },
    )
    this.#loops = Promise.all([this.#publish(), this.#subscribe()])
  }

  stopPublishing(): void {
    this.#isPublishing = false
  }

  get isPublishing(): boolean {
    return this.#isPublishing
  }

  async end(): Promise<void> {
    this.#ended.abort()
    await this.#loops
    await this.#live.close()
  }

  async #publish(): Promise<void> {
    const topic = this.#live.topic<KillEvent>(this.topic)
    for (let n = 0; this.#isPublishing; n++) {
      const event = { client: this.#id, n }
      try {
        const { offset } = await topic.publish(event)
        this.acknowledged.push(event)
        this.newestOffset = Math.max(this.newestOffset, offset ?? 0)
      } catch (error) {
        if (error instanceof Error && error.name === 'PublishUncertainError') this.uncertain++
        else this.refused++
        await delay(50)
      }
    }
  }

  async #subscribe(): Promise<void> {
    const topic = this.#live.topic<KillEvent>(this.topic)
    try {
      for await (const item of topic.events({ from: 'start', signal: this.#ended.signal })) {
        if (item.type === 'event') {
          this.seen.push({ type: 'event', offset: item.offset ?? 0, event: item.event })
        } else if (item.type === 'gap') {
          this.seen.push({ type: 'gap', reason: item.reason })
        }
      }
    } catch (error) {
      if (!this.#ended.signal.aborted) throw error
    }
  }
}

async function readLog(engine: Engine, topic: number): Promise<Extract<Seen, { type: 'event' }>[]> {
  const broker = brokerOf(engine.name, engine.addresses)
  await using topics = await openTopics({ broker, namespace: NAMESPACE })
  const log: Extract<Seen, { type: 'event' }>[] = []
  for await (const item of topics.topic(KILL, { topic: `${topic}` }).events({ from: 'start' })) {
    if (item.type === 'live') break
    // Our own clients published it.
    if (item.type === 'event') {
      log.push({
        type: 'event',
        offset: item.offset ?? 0,
        event: item.event as unknown as KillEvent,
      })
    }
  }
  return log
}

/** Waits until every subscriber has what its topic's newest event is, a minute at most. */
async function settle(clients: readonly Client[]): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 250) {
    const newest = new Map<string, number>()
    for (const { topic, newestOffset } of clients) {
      newest.set(topic, Math.max(newest.get(topic) ?? 0, newestOffset))
    }
    const isThere = clients.every(({ topic, seen }) => {
      const last = seen.at(-1)
      return last?.type === 'event' && last.offset >= (newest.get(topic) ?? 0)
    })
    if (isThere) return
    await delay(250)
  }
}

async function main(): Promise<void> {
  const engine = await startEngine()
  const nodes = [new Node(await freePort(), engine), new Node(await freePort(), engine)]
  await Promise.all(nodes.map((node) => node.start()))
  const ports = nodes.map(({ port }) => port)
  const clients = Array.from({ length: Number(values.clients) }, (_, id) => new Client(id, ports))
  await delay(3000)

  for (let kill = 0; kill < Number(values.kills); kill++) {
    const node = nodes[kill % nodes.length]
    await node?.kill()
    await node?.start()
    await delay(everyMs)
  }
  for (let kill = 0; kill < Number(values['engine-kills']); kill++) {
    await engine.restart()
    await delay(everyMs * 2)
  }
  for (let pause = 0; pause < Number(values.pauses); pause++) {
    nodes[pause % nodes.length]?.signal('SIGSTOP')
    await delay(30_000)
    nodes[pause % nodes.length]?.signal('SIGCONT')
    await delay(everyMs)
  }

  for (const client of clients) client.stopPublishing()
  await delay(2000)
  await settle(clients)
  report(
    clients,
    await Promise.all(Array.from({ length: topicCount }, (_, each) => readLog(engine, each))),
  )
  await Promise.race([Promise.all(clients.map((client) => client.end())), delay(10_000)])
  await Promise.all(nodes.map((node) => node.kill()))
  await engine.end()
}

function report(
  clients: readonly Client[],
  logs: ReadonlyArray<Extract<Seen, { type: 'event' }>[]>,
): void {
  const total: Record<string, number> = { uncertain: 0, refused: 0 }
  for (const [topic, log] of logs.entries()) {
    const own = clients.filter((client) => client.topic === `kill/${topic}`)
    const verdict: Verdict = judge(
      own.flatMap(({ acknowledged }) => acknowledged),
      log,
      own.map(({ seen }) => seen),
    )
    if (verdict.lost > 0) describe(`kill/${topic}`, own, log)
    for (const [name, count] of Object.entries(verdict)) total[name] = (total[name] ?? 0) + count
  }
  for (const { uncertain, refused } of clients) {
    total['uncertain'] = (total['uncertain'] ?? 0) + uncertain
    total['refused'] = (total['refused'] ?? 0) + refused
  }
  console.log(JSON.stringify({ ...values, ...total }))
  const bad = ['lost', 'storedTwice', 'outOfOrder', 'silentHoles', 'seenTwice']
  if (bad.some((name) => (total[name] ?? 0) > 0)) process.exitCode = 1
}

// A failure must not leave nodes and engines behind.
process.on('exit', () => {
  for (const end of atExit) end()
})
/** Says which acknowledged events are not in the log. */
function describe(
  topic: string,
  clients: readonly Client[],
  log: ReadonlyArray<Extract<Seen, { type: 'event' }>>,
): void {
  const stored = new Set(log.map(({ event }) => `${event.client} ${event.n}`))
  const lost = clients.flatMap(({ acknowledged }) =>
    acknowledged.filter(({ client, n }) => !stored.has(`${client} ${n}`)),
  )
  const range = `${log[0]?.offset} to ${log.at(-1)?.offset}`
  console.error(`${topic}: the log goes from ${range}, and lacks`, lost.slice(0, 20))
}

await main()
process.exit()
