/**
 * Starts Redis and two nodes, publishes on one node, and reads on the other. Then it kills the node
 * of the reader, which continues on the other node.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectTopics } from 'towpath/client/topics'

interface Node {
  readonly process: ChildProcess
  readonly port: number
}

const folder = mkdtempSync(join(tmpdir(), 'towpath-cluster-'))
const processes: ChildProcess[] = []
process.on('exit', () => {
  for (const each of processes) each.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0))

const redisUrl = await startRedis()
const [one, two] = [await startNode(redisUrl), await startNode(redisUrl)]
console.log(`two nodes: ws://127.0.0.1:${one.port}/live and ws://127.0.0.1:${two.port}/live`)

const writer = connectTopics(addressOf(one))
// A reader that chooses an address for each attempt, as a load balancer would.
let attempts = 0
const reader = connectTopics(() => addressOf(attempts++ === 0 ? two : one))
const feed = reader.topic<string>('rooms/lobby').events({ from: 'start' })

await writer.topic('rooms/lobby').publish('hello from node 1')
console.log('read on node 2:', await nextEvent())

two.process.kill('SIGKILL')
await writer.topic('rooms/lobby').publish('node 2 was killed')
console.log('read on node 1, after node 2 was killed:', await nextEvent())

await Promise.all([writer.close(), reader.close()])
process.exit(0)

async function nextEvent(): Promise<string> {
  for (;;) {
    const next = await feed.next()
    if (next.done === true) throw new Error('Cannot read: the subscription has ended')
    if (next.value.type === 'gap') console.log('events are missing:', next.value.reason)
    if (next.value.type === 'event') return next.value.event
  }
}

function addressOf({ port }: Node): string {
  return `ws://127.0.0.1:${port}/live`
}

/** `REDIS_URL`, or a Redis without persistence. */
async function startRedis(): Promise<string> {
  const given = process.env['REDIS_URL']
  if (given !== undefined) return given
  const port = await freePort()
  const redis = spawn('redis-server', ['--port', `${port}`, '--dir', folder, '--save', ''], {
    stdio: 'ignore',
  })
  processes.push(redis)
  redis.on('error', (error) => {
    console.error('Cannot start redis-server: expected it to be installed, or REDIS_URL', error)
    process.exit(1)
  })
  await once(redis, 'spawn')
  return `redis://127.0.0.1:${port}`
}

async function startNode(url: string): Promise<Node> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('node.ts', import.meta.url))],
    {
      env: { ...process.env, REDIS_URL: url, PORT: '0' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  )
  processes.push(child)
  const [port] = (await once(child, 'message')) as [number] // what node.ts sends
  return { process: child, port }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // a TCP server has one
  server.close()
  await once(server, 'close')
  return port
}
