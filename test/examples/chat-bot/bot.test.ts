/**
 * The bot as a process of its own, beside the examples as `npm start` runs them.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openWebSocket } from 'towpath/client'
import { typed } from 'towpath/messages'
import { afterEach, describe, expect, it } from 'vitest'
import { chat } from '../../../examples/chat/contract.ts'
import { startExamples } from '../examples-process.ts'

/** A bot that runs, or has ended. */
interface BotProcess {
  /** The next line of stderr; rejects when the bot ends without one. */
  readonly line: () => Promise<string>
  readonly kill: (signal: 'SIGINT' | 'SIGTERM') => void
  readonly exitCode: Promise<number | null>
}

const endings: Array<() => Promise<unknown>> = []

function startBot(url: string): BotProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/chat-bot/bot.ts', url], {
    cwd: fileURLToPath(new URL('../../../', import.meta.url)),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exitCode = once(child, 'close').then(() => child.exitCode)
  endings.push(() => {
    child.kill('SIGKILL')
    return exitCode
  })
  const lines = createInterface(child.stderr)[Symbol.asyncIterator]()
  return {
    async line() {
      const { done, value } = await lines.next()
      if (done === true) throw new Error('Cannot read line: the bot has ended')
      return value
    },
    kill: (signal) => void child.kill(signal),
    exitCode,
  }
}

/** A road to a port of this machine, whose travellers can be lost. */
async function startRoad(to: number): Promise<{ readonly port: number; readonly cut: () => void }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const onward = connect(to, '127.0.0.1')
    for (const end of [socket, onward]) sockets.add(end.on('error', () => {}))
    socket.pipe(onward).pipe(socket)
  })
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  await once(server.listen(0, '127.0.0.1'), 'listening')
  endings.push(async () => {
    const closed = once(server, 'close')
    server.close()
    cut()
    await closed
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('Cannot find the port')
  return { port: address.port, cut }
}

describe('bot.ts', () => {
  afterEach(async () => {
    for (const end of endings.splice(0)) await end()
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'bot.ts tells when it waits and is back, and leaves the room on %s',
    async (signal) => {
      const examples = await startExamples({ PORT: '0' })
      endings.push(() => examples.stop('SIGTERM'))
      const road = await startRoad(Number(new URL(examples.url).port))

      const bot = startBot(`ws://127.0.0.1:${road.port}/chat/rooms/lobby`)
      expect(await bot.line()).toBe('In the room')
      road.cut()
      expect(await bot.line()).toMatch(
        /^The connection was lost \(1006\)\. Trying again in \d+\.\d s$/,
      )
      expect(await bot.line()).toBe('Back in the room')

      await using guest = await openWebSocket(
        `${examples.url.replace('http', 'ws')}chat/rooms/lobby`,
        { protocols: chat.protocols },
      )
      const { stream } = typed(guest, chat)
      const messages = stream('read', { after: null })[Symbol.asyncIterator]()
      const people = stream('enter', { name: 'Ada', key: 'key-of-Ada' })[Symbol.asyncIterator]()
      expect(await people.next()).toMatchObject({ value: { names: ['Lock keeper', 'Ada'] } })
      expect(await messages.next()).toMatchObject({ value: { type: 'live' } })
      expect(await messages.next()).toMatchObject({
        value: { text: expect.stringContaining('Hello, Ada!') },
      })
      bot.kill(signal)
      expect(await people.next()).toMatchObject({ value: { type: 'left', name: 'Lock keeper' } })
      expect(await bot.line()).toBe('Left the room')
      expect(await bot.exitCode).toBe(0)
    },
  )

  it.each([
    ['nonsense', /^Cannot /],
    ['ftp://127.0.0.1/', /^Cannot /],
  ])('bot.ts ends with 1 and a sentence for %s', async (url, sentence) => {
    const bot = startBot(url)

    expect(await bot.line()).toMatch(sentence)
    expect(await bot.exitCode).toBe(1)
    await expect(bot.line()).rejects.toThrow('Cannot read line: the bot has ended')
  })

  it('bot.ts ends with 1 and a sentence where there is no chat', async () => {
    const examples = await startExamples({ PORT: '0' })
    endings.push(() => examples.stop('SIGTERM'))

    const bot = startBot(`${examples.url.replace('http', 'ws')}nowhere`)

    expect(await bot.line()).toBe('The chat answered with status 404')
    expect(await bot.exitCode).toBe(1)
  })
})
