import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/base/index.ts'
import { type ClientPlatform, createClient } from '../../src/client/client.ts'
import type { WebSocketClientOptions } from '../../src/client/opening/client-options.ts'
import type { WebSocketClientSession } from '../../src/client/opening/client-session.ts'
import { memoryEnvironment } from '../support/memory-world.ts'
import { ScriptedDialer, switching } from '../support/scripted-dialer.ts'

interface Options extends WebSocketClientOptions {
  readonly place?: string
}

function platform(): ClientPlatform<Options> & {
  readonly given: Options[]
  readonly heard: unknown[]
  readonly dialer: (options: Options) => ScriptedDialer
  readonly made: ScriptedDialer[]
} {
  const environment = memoryEnvironment()
  const given: Options[] = []
  const heard: unknown[] = []
  const made: ScriptedDialer[] = []
  return {
    given,
    heard,
    made,
    environment: () => environment,
    optionNames: ['place'],
    dialer(options) {
      if (options.place === 'nowhere') throw new TypeError('Cannot open WebSocket: no such place')
      given.push(options)
      const dialer = new ScriptedDialer(switching(environment).answer)
      made.push(dialer)
      return dialer
    },
    opened: (session) => heard.push(session),
  }
}

describe('createClient()', () => {
  it('adds one listener to a signal that many sessions and connections share', async () => {
    const shutdown = new AbortController()
    const { openWebSocket, connect } = createClient(platform(), { signal: shutdown.signal })
    const sessions: WebSocketClientSession[] = []
    for (let n = 0; n < 11; n++) sessions.push(await openWebSocket('ws://a/'))
    const connections = sessions.map(() => connect('ws://a/', { signal: shutdown.signal }))

    expect(getEventListeners(shutdown.signal, 'abort')).toHaveLength(1)
    shutdown.abort()
    for (const { closed } of connections) expect(await closed).toMatchObject({ why: 'aborted' })
    for (const { terminate, closed } of sessions) {
      terminate()
      await closed
    }
    expect(getEventListeners(shutdown.signal, 'abort')).toEqual([])
  })

  it('opens sessions that are the caller’s', async () => {
    const own = platform()
    const { openWebSocket } = createClient(own)

    const session = await openWebSocket('ws://example.com/')

    expect(session.url).toBe('ws://example.com/')
    expect(own.heard).toEqual([session])
    session.terminate()
  })

  it('runs blocks, with options and without', async () => {
    const { webSocket } = createClient(platform())

    const block = ({ url, terminate }: WebSocketClientSession): string => {
      terminate()
      return url
    }
    expect(await webSocket('ws://a/', block)).toBe('ws://a/')
    expect(await webSocket('ws://b/', { place: 'here' }, block)).toBe('ws://b/')
  })

  it('lays what is said for one connection over the defaults', async () => {
    const own = platform()
    const client = createClient(own, { place: 'here', headers: { 'X-A': '1' }, protocols: [] })

    await client.openWebSocket('ws://a/', { place: 'there' })

    expect(own.given.at(-1)).toEqual({ place: 'there', headers: { 'X-A': '1' }, protocols: [] })
    expect(own.made.at(-1)?.headers(0).get('x-a')).toBe('1')
  })

  it('throws at once for defaults that mean nothing', () => {
    expect(() => createClient(platform(), { place: 'nowhere' })).toThrow('no such place')
    expect(() => createClient(platform(), { connectTimeout: -1 })).toThrow(RangeError)
    // @ts-expect-error -- what a caller without types may write
    expect(() => createClient(platform(), { nothing: 1 })).toThrow('unknown option "nothing"')
  })

  it('rejects for options that mean nothing, before anything is dialled', async () => {
    const own = platform()
    const { webSocket, openWebSocket } = createClient(own)

    await expect(openWebSocket('ws://a/', { place: 'nowhere' })).rejects.toThrow('no such place')
    await expect(openWebSocket('ws://a/', { followRedirects: -1 })).rejects.toThrow(RangeError)
    // @ts-expect-error -- what a caller without types may write
    await expect(openWebSocket('ws://a/', null)).resolves.toBeDefined()
    // @ts-expect-error -- what a caller without types may write
    await expect(openWebSocket('ws://a/', 'b')).rejects.toThrow('the options argument is a string')
    // @ts-expect-error -- what a caller without types may write
    await expect(webSocket('ws://a/', {})).rejects.toThrow('the block is undefined')
    expect(own.made.flatMap(({ requests }) => requests)).toHaveLength(1)
  })

  it('makes connections that come back, over the defaults, on the clock for waits', async () => {
    const world = platform()
    const clock = new VirtualClock()
    const client = createClient({ ...world, waitingClock: clock }, { place: 'here' })
    const { connect } = client

    const connection = connect('ws://localhost/', { maxMessageSize: 10 })
    expect(clock.pendingTimers).toBe(1)
    const session = await connection.whenOpen()
    expect(world.heard).toHaveLength(1)
    expect(world.given.at(-1)).toMatchObject({ place: 'here', maxMessageSize: 10 })
    session.terminate()
    await session.closed
    await connection[Symbol.asyncDispose]()

    expect(() => connect('ws://localhost/', { place: 'nowhere' })).toThrow('no such place')
    expect(() => connect('here')).toThrow(TypeError)
    await connect(() => 'ws://localhost/').close()
  })
})
