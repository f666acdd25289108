/**
 * The kill test: `npm run bench:kill -- --broker redis --kills 20`.
 *
 * Two nodes over a real broker, and clients that publish and subscribe without a pause. The test
 * kills, freezes and cuts off nodes and brokers meanwhile. At the end nothing that was acknowledged
 * may be lost, stored twice or out of order, and no subscriber may miss an event without a gap.
 *
 * Another server of NATS or Redis is used when its folder comes first in PATH.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openTopics } from 'towpath/topics'
import { freePort } from '../../test/support/free-port.ts'
import { Client } from './client.ts'
import { type Engine, startEngine } from './engines.ts'
import { Namespace } from './namespace.ts'
import { brokerOf, KILL, NAMESPACE } from './shared.ts'
import { FAULTS, type FinalLog, judge, type Logged, missingFrom, type Verdict } from './verdict.ts'

const HELP = `npm run bench:kill -- [options]

  --broker redis        redis, nats, or nats3: a cluster of three
  --kills 20            how often a node is killed (SIGKILL), in turn
  --engine-kills 0      how often all servers of the broker are killed at once
  --member-kills 0      how often one server of nats3 is killed
  --failovers 0         how often a lagging replica of redis is promoted
  --lag 300             by how many milliseconds the replica lags
  --cuts ''             cuts of the broker, in seconds: 3,60
  --silent-cuts ''      the same, with packets that vanish
  --netns               the kernel cuts: nodes run in a network namespace, whose link to the broker
                        goes down or drops all packets. Needs root and iproute2
  --pauses 0            how often a node is frozen (SIGSTOP) for 30 s
  --every 2000          milliseconds between two faults
  --clients 40          over --topics 4
`
const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    broker: { type: 'string', default: 'redis' },
    kills: { type: 'string', default: '20' },
    'engine-kills': { type: 'string', default: '0' },
    'member-kills': { type: 'string', default: '0' },
    failovers: { type: 'string', default: '0' },
    lag: { type: 'string', default: '300' },
    cuts: { type: 'string', default: '' },
    'silent-cuts': { type: 'string', default: '' },
    netns: { type: 'boolean', default: false },
    pauses: { type: 'string', default: '0' },
    every: { type: 'string', default: '2000' },
    clients: { type: 'string', default: '40' },
    topics: { type: 'string', default: '4' },
  },
})
const everyMs = Number(values.every)
const topicCount = Number(values.topics)
/** How long the clients may take to go on after a fault, and to have everything at the end. */
const RECOVERY_MS = 90_000

const atExit: Array<() => void> = []

class Node {
  readonly port: number
  readonly #engine: Engine
  readonly #namespace: Namespace | null
  #child: ChildProcess | null = null

  constructor(port: number, engine: Engine, namespace: Namespace | null) {
    this.port = port
    this.#engine = engine
    this.#namespace = namespace
  }

  get address(): string {
    return `${this.#host}:${this.port}`
  }

  get #host(): string {
    return this.#namespace?.nodesAddress ?? '127.0.0.1'
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    atExit.push(() => void this.#child?.kill('SIGKILL'))
    const program = fileURLToPath(new URL('node.ts', import.meta.url))
    const prefix = this.#namespace?.prefix ?? []
    const [command, ...args] = [...prefix, process.execPath, '--import', 'tsx', program]
    this.#child = spawn(command, args, {
      env: {
        ...process.env,
        PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
        HOST: this.#host,
        PORT: `${this.port}`,
        BROKER: this.#engine.name,
        ENGINE: this.#engine.addresses.join(','),
      },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
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

/** Waits until `isSo`, for `RECOVERY_MS` at most. @returns whether it is so. */
async function until(isSo: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < RECOVERY_MS; waited += 100) {
    if (isSo()) return true
    await delay(100)
  }
  return false
}

/** The faults, one after another. After each, every client has to publish again. */
async function breakAll(
  engine: Engine,
  nodes: readonly Node[],
  clients: readonly Client[],
): Promise<number> {
  let stuck = 0
  const fault = async (act: () => Promise<void> | void): Promise<void> => {
    await act()
    const before = clients.map(({ acknowledged }) => acknowledged.length)
    // The first may have been on its way already.
    const goesOn = (): boolean =>
      clients.every(({ acknowledged }, index) => acknowledged.length > (before[index] ?? 0) + 1)
    if (!(await until(goesOn))) stuck++
    await delay(everyMs)
  }
  const times = (count: string): number[] => Array.from({ length: Number(count) }, (_, at) => at)
  for (const at of times(values.kills)) {
    const node = nodes[at % nodes.length]
    await fault(async () => {
      await node?.kill()
      await node?.start()
    })
  }
  for (const _ of times(values['member-kills'])) await fault(engine.restartOne)
  for (const _ of times(values['engine-kills'])) await fault(engine.restart)
  for (const _ of times(values.failovers)) await fault(() => engine.failOver(Number(values.lag)))
  for (const isSilent of [false, true]) {
    const list = isSilent ? values['silent-cuts'] : values.cuts
    for (const seconds of list.split(',').filter((each) => each !== '')) {
      await fault(async () => {
        engine.cut(isSilent)
        await delay(Number(seconds) * 1000)
        engine.mend()
      })
    }
  }
  for (const at of times(values.pauses)) {
    const node = nodes[at % nodes.length]
    await fault(async () => {
      node?.signal('SIGSTOP')
      await delay(30_000)
      node?.signal('SIGCONT')
    })
  }
  return stuck
}

/** Waits until every subscriber has seen the last event of every publisher of its topic. */
async function settle(clients: readonly Client[]): Promise<boolean> {
  await Promise.race([
    Promise.all(clients.map((client) => client.stopPublishing())),
    delay(RECOVERY_MS),
  ])
  const last = clients.map(({ topic, acknowledged }) => ({ topic, event: acknowledged.at(-1) }))
  return until(() =>
    clients.every((client) =>
      last.every(
        ({ topic, event }) =>
          topic !== client.topic || event === undefined || client.hasSeen(event),
      ),
    ),
  )
}

async function readLog(engine: Engine, topic: number): Promise<FinalLog> {
  const broker = brokerOf(engine.name, engine.addresses)
  await using topics = await openTopics({ broker, namespace: NAMESPACE })
  const events: Logged[] = []
  const served = topics.topic(KILL, { topic: `${topic}` })
  for await (const item of served.events({ from: 'start' })) {
    if (item.type === 'live') break
    if (item.type !== 'event') continue
    // Our own clients published it.
    const event = item.event as unknown as Logged['event']
    events.push({ type: 'event', offset: item.offset ?? 0, event })
  }
  const { epoch } = await served.position()
  return { epoch, events }
}

async function main(): Promise<void> {
  const namespace = values.netns ? Namespace.create() : null
  if (namespace !== null) atExit.push(() => namespace.end())
  const engine = await startEngine(values.broker, namespace)
  atExit.push(engine.abandon)
  const nodes = [
    new Node(await freePort(), engine, namespace),
    new Node(await freePort(), engine, namespace),
  ]
  await Promise.all(nodes.map((node) => node.start()))
  const addresses = nodes.map(({ address }) => address)
  const clients = Array.from(
    { length: Number(values.clients) },
    (_, id) => new Client(id, topicCount, addresses),
  )
  await delay(3000)
  const stuck = await breakAll(engine, nodes, clients)
  const isSettled = await settle(clients)
  const logs: FinalLog[] = []
  for (let topic = 0; topic < topicCount; topic++) logs.push(await readLog(engine, topic))
  report(clients, logs, { stuck, unsettled: isSettled ? 0 : 1 })
  await Promise.race([Promise.all(clients.map((client) => client.end())), delay(10_000)])
  await Promise.all(nodes.map((node) => node.kill()))
  await engine.end()
}

function report(
  clients: readonly Client[],
  logs: readonly FinalLog[],
  facts: Readonly<Record<string, number>>,
): void {
  const total: Record<string, number> = { ...facts, uncertain: 0, refused: 0 }
  const add = (counts: Readonly<Record<string, number>>): void => {
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count
  }
  for (const [topic, log] of logs.entries()) {
    const own = clients.filter((client) => client.topic === `kill/${topic}`)
    const acknowledged = own.flatMap((client) => client.acknowledged)
    const verdict: Verdict = judge(
      acknowledged,
      log,
      own.map(({ seen }) => seen),
    )
    add({ ...verdict })
    const missing = missingFrom(log, acknowledged)
    if (missing.length === 0) continue
    const range = `offsets ${log.events[0]?.offset} to ${log.events.at(-1)?.offset}`
    console.error(`kill/${topic}, epoch ${log.epoch}, ${range}, lacks`, missing.slice(0, 20))
  }
  for (const { uncertain, refused } of clients) add({ uncertain, refused })
  console.log(JSON.stringify({ ...values, ...total }))
  const faults = [...FAULTS, 'stuck', 'unsettled']
  if (faults.some((name) => (total[name] ?? 0) > 0)) process.exitCode = 1
}

// A failure must not leave nodes and engines behind.
process.on('exit', () => {
  for (const end of atExit) end()
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

if (values.help) process.stdout.write(HELP)
else await main()
process.exit()
