import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Application, WebSockets } from '../../../src/index.ts'
import {
  defineTopic,
  memoryBroker,
  Topics,
  type TopicsOfProcess,
} from '../../../src/topics/index.ts'
import { CommandLine, type RunningCommand } from '../../support/command-line.ts'

const Room = defineTopic('rooms/:room', { history: { size: 10, age: { minutes: 1 } } })
const URL = 'ws://localhost/live'

function world(): { readonly running: CommandLine; readonly topics: TopicsOfProcess } {
  let topics: TopicsOfProcess | null = null
  const running = new CommandLine((app: Application) => {
    app.install(WebSockets)
    topics = app.install(Topics, { broker: memoryBroker() })
    topics.allow(Room, {
      subscribe: ({ client, parameters }) => parameters.room !== 'secret' || client.token === 'key',
      publish: () => true,
    })
    app.routing((route) => topics?.serve(route, '/live'))
  })
  if (topics === null) throw new Error('the module has not run')
  return { running, topics }
}

async function subscribed(
  running: CommandLine,
  args: readonly string[],
  options: { readonly isTTY?: boolean } = {},
): Promise<RunningCommand> {
  const command = running.start(['connect', URL, ...args], options)
  await running.settle()
  await running.clock.advance(10)
  return command
}

describe('towpath connect --subscribe', () => {
  it('E-19 prints events as lines of JSON, and ends when what is expected has come', async () => {
    const { running, topics } = world()
    const args = ['--subscribe', 'rooms/1', '--subscribe', 'rooms/2', '--count', '2']
    const command = await subscribed(running, args)

    await topics.topic(Room, { room: '1' }).publish({ text: '\u001b' })
    await topics.topic(Room, { room: '2' }).publish('two', { key: 'k' })
    await running.clock.advance(10)

    expect(await command.exitCode).toBe(0)
    const lines = command.out.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { topic: 'rooms/1', offset: 1, at: expect.any(Number), data: { text: '\u001b' } },
      { topic: 'rooms/2', offset: 1, at: expect.any(Number), key: 'k', data: 'two' },
    ])
  })

  it('E-19 publishes with /publish, on a terminal', async () => {
    const { running } = world()
    const command = await subscribed(running, ['--subscribe', 'rooms/1'], { isTTY: true })

    await command.type('/publish rooms/1 {"a":1}\r')
    await running.clock.advance(10)
    await command.type('text\r')
    await running.settle()
    await command.type('/close\r')
    await running.clock.advance(10)

    expect(await command.exitCode).toBe(0)
    expect(command.out).toContain('* published to rooms/1, offset 1')
    expect(command.out).toContain('"data":{"a":1}}')
    expect(command.out).toContain('* Cannot send a message to topics, expected /publish TOPIC JSON')
  })

  it('E-19 ends with 124 after --timeout, and with 130 when it is interrupted', async () => {
    const { running } = world()
    const waiting = await subscribed(running, ['--subscribe', 'rooms/1', '--timeout', '2000'])
    await running.clock.advance(5000)
    expect(await waiting.exitCode).toBe(124)

    const interrupted = await subscribed(running, ['--subscribe', 'rooms/1'])
    await interrupted.interrupt()
    await running.clock.advance(5000)
    expect(await interrupted.exitCode).toBe(130)
  })

  it('E-19 ends with 3 when the server refuses a topic, unless --token allows it', async () => {
    const { running, topics } = world()
    const refused = await subscribed(running, ['--subscribe', 'rooms/secret'])
    const args = ['--subscribe', 'rooms/secret', '--token', 'key', '--count', '1']
    const allowed = await subscribed(running, args)
    await topics.topic(Room, { room: 'secret' }).publish(1)
    await running.clock.advance(10)

    expect(await refused.exitCode).toBe(3)
    expect(refused.err).toContain('rooms/secret')
    expect(await allowed.exitCode).toBe(0)
  })

  it('E-19 ends with 2 without a connection, and with 4 when it is lost', async () => {
    const { running } = world()
    const lost = await subscribed(running, ['--subscribe', 'rooms/1'])
    running.network.reset()
    await running.clock.advance(10)
    running.network.refuse()
    const refused = await subscribed(running, ['--subscribe', 'rooms/1'])

    expect(await lost.exitCode).toBe(4)
    expect(await refused.exitCode).toBe(2)
  })

  it('E-19 reads topics from a file, one on each line', async () => {
    const { running, topics } = world()
    const file = join(mkdtempSync(join(tmpdir(), 'towpath-')), 'topics')
    writeFileSync(file, 'rooms/1\r\n\n rooms/2\n')
    const command = await subscribed(running, ['--subscribe', `@${file}`, '--count', '2'])

    await topics.topic(Room, { room: '1' }).publish('one')
    await topics.topic(Room, { room: '2' }).publish('two')
    await running.clock.advance(10)

    expect(await command.exitCode).toBe(0)
    expect(command.out).toMatch(/^\{"topic":"rooms\/1".*"one"\}\n\{"topic":"rooms\/2".*"two"\}\n$/)
  })

  it('E-19 ends with 5 when an expected event has not come', async () => {
    const { running, topics } = world()
    const args = ['--subscribe', 'rooms/1', '--expect', '{"a":1}', '--wait', '500']
    const command = await subscribed(running, args)
    await command.endInput()
    await topics.topic(Room, { room: '1' }).publish({ a: 2 })
    await running.clock.advance(1000)

    expect(await command.exitCode).toBe(5)
    expect(command.err).toContain('none of the last matches')
  })

  it('E-19 refuses input that is no command with 1', async () => {
    const { running } = world()
    const command = await subscribed(running, ['--subscribe', 'rooms/1'])
    await command.type('text\n')
    await running.clock.advance(10)

    expect(await command.exitCode).toBe(1)
  })
})
