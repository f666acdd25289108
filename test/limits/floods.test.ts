/**
 * Peers that repeat one action without end, in memory and virtual time: memory stays limited, and
 * other sessions are not affected.
 */

import { describe, expect, it } from 'vitest'

import {
  type Application,
  type DefaultWebSocketServerSession,
  Frame,
  latestBy,
  WebSockets,
  type WebSocketsOptions,
} from '../../src/index.ts'
import { hex } from '../support/bytes.ts'
import { memoryHost } from '../support/hosts.ts'
import { settled } from '../support/memory-world.ts'
import { clientFrame } from '../support/peer.ts'

/** An application with `/`, an echo, and `/handler`, which is what a test says. */
async function serve(
  handler: (session: DefaultWebSocketServerSession) => Promise<void> | void,
  options: WebSocketsOptions = {},
) {
  const host = memoryHost()
  const limits: string[] = []
  const failures: unknown[] = []
  let made: Application | null = null
  const served = await host.serve((app) => {
    made = app
    app.install(WebSockets, options)
    app.monitor.on('limitReached', ({ limit }) => limits.push(limit))
    app.monitor.on('handlerFailed', ({ error }) => failures.push(error))
    app.routing((route) => {
      route.webSocket('/handler', handler)
      route.webSocket('/', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
    })
  })
  const app = made as unknown as Application // the host has called the module
  const echoes = async () => {
    const witness = await served.connect('/')
    witness.text('hello')
    const answer = await witness.read(7)
    witness.close(1000)
    witness.end()
    return answer === '81 05 68 65 6c 6c 6f'
  }
  return { host, served, limits, failures, statistics: () => app.statistics(), echoes }
}

function repeated(frame: Uint8Array, count: number): Uint8Array {
  const bytes = new Uint8Array(frame.length * count)
  for (let index = 0; index < count; index++) bytes.set(frame, frame.length * index)
  return bytes
}

const never = ({ closeReason }: DefaultWebSocketServerSession) => closeReason.then(() => {})

describe('a flood', () => {
  it('of 100 000 pings is cut off at the rate, and costs the server nothing that lasts', async () => {
    const { served, limits, statistics, echoes } = await serve(never)
    const peer = await served.connect('/handler')
    const chunk = repeated(clientFrame('ping', 'x'.repeat(100)), 1_000)
    for (let sent = 0; sent < 100; sent++) peer.send(chunk)
    await settled()

    expect(limits).toEqual(['maxControlFramesPerSecond'])
    expect(statistics().bytesBuffered).toBe(0)
    expect(await echoes()).toBe(true)
    await served.stop()
  })

  it('of 100 000 pings, allowed, is answered by few pongs while the peer does not read', async () => {
    const { served, statistics, limits } = await serve(never, {
      maxControlFramesPerSecond: Infinity,
    })
    const peer = await served.connect('/handler')
    peer.pause()
    const chunk = repeated(clientFrame('ping', 'x'.repeat(100)), 1_000)
    for (let sent = 0; sent < 100; sent++) peer.send(chunk)
    await settled()

    // The transport's own buffer, and one write.
    expect(statistics().bytesBuffered).toBeLessThan(300_000)
    expect(limits).toEqual([])
    await served.stop()
  })

  it('of 100 000 messages to a handler that does not read stops at the bound', async () => {
    const { served, statistics, echoes } = await serve(never)
    const peer = await served.connect('/handler')
    const chunk = repeated(clientFrame('text', 'x'), 1_000)
    for (let sent = 0; sent < 100; sent++) peer.send(chunk)
    await settled()

    expect(statistics().bytesBuffered).toBeLessThan((64 + 1024) * 257 + 2 * chunk.length)
    expect(await echoes()).toBe(true)
    await served.stop()
  })

  it('from a handler to a peer that never reads stops at the bound, and is cut off in time', async () => {
    let sent = 0
    const { host, served, statistics, limits, echoes } = await serve(async ({ send }) => {
      for (;;) {
        await send('x'.repeat(10_000))
        sent++
      }
    })
    const peer = await served.connect('/handler')
    peer.pause()
    await settled()

    expect(sent).toBeLessThan(100)
    // 64 frames wait, and one write is under way.
    expect(statistics().bytesBuffered).toBeLessThan(65 * 10_014 + 140_000)
    await host.advance(29_999)
    expect(statistics().sessions.active).toBe(1)
    await host.advance(1)

    expect(limits).toEqual(['writeTimeout'])
    expect(statistics()).toMatchObject({ sessions: { active: 0 }, bytesBuffered: 0 })
    expect(await echoes()).toBe(true)
    await served.stop()
  })

  it('of sends that a handler forgets to await is counted, and ends at the memory budget', async () => {
    const frame = new Uint8Array(10_000)
    const { host, served, statistics, limits, failures, echoes } = await serve(
      ({ send, closed }) => {
        for (let sent = 0; sent < 10_000; sent++) void send(frame)
        return closed.then(() => {})
      },
      { memoryBudget: 16_000_000 },
    )
    const peer = await served.connect('/handler')
    peer.pause()
    await settled()

    expect(limits).toEqual(['memoryBudget'])
    expect(failures).toEqual([])
    // The write under way, and a Close behind it.
    expect(statistics().bytesBuffered).toBeLessThan(200_000)
    await host.advance(10_000)
    expect(statistics()).toMatchObject({ sessions: { active: 0 }, bytesBuffered: 0 })
    expect(await echoes()).toBe(true)
    await served.stop()
  })

  it('of sends in a loop that ignores their errors lets others have their turn after the end', async () => {
    let isAsked = false
    let sent = 0
    const { served, statistics, limits, echoes } = await serve(
      async ({ send }) => {
        for (; !isAsked; sent++) await send('x'.repeat(10_000)).catch(() => {})
      },
      { maxSessionDuration: { seconds: 1 } },
    )
    const peer = await served.connect('/handler')
    peer.reset()

    expect(await echoes()).toBe(true)
    expect(await echoes()).toBe(true)
    expect(sent).toBeGreaterThan(10)
    expect(limits).toEqual([])
    isAsked = true
    await settled()
    await served.stop()
    expect(statistics()).toMatchObject({ sessions: { active: 0 }, bytesBuffered: 0 })
  })

  it('of values that go out of date keeps one for each key, and counts what it replaced', async () => {
    const { served, statistics } = await serve(
      async ({ send, closeReason }) => {
        await send(new Uint8Array(300_000))
        for (let price = 0; price < 10_000; price++) await send(`${'abcd'[price % 4]} ${price}`)
        await closeReason
      },
      {
        channels: {
          outgoing: {
            onOverflow: latestBy((data) => (typeof data === 'string' ? data[0] : null)),
          },
        },
      },
    )
    const peer = await served.connect('/handler')
    peer.pause()
    await settled()

    expect(statistics().framesDropped).toEqual({ incoming: 0, outgoing: 9_996 })
    expect(statistics().sessions.active).toBe(1)
    await served.stop()
  })

  it('of upgrades is refused beyond the rate, and those who are in never notice', async () => {
    const { host, served, statistics } = await serve(never, { maxUpgradesPerSecond: 10 })
    const witness = await served.connect('/')
    const outcomes = await Promise.allSettled(
      Array.from({ length: 1_000 }, () => served.connect('/')),
    )

    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(19)
    expect(statistics().limitsReached).toEqual({ maxUpgradesPerSecond: 981 })
    witness.text('hello')
    expect(await witness.read(7)).toBe('81 05 68 65 6c 6c 6f')
    await host.advance(1_000)
    await served.connect('/')
    await served.stop()
  })
})

describe('memoryBudget', () => {
  it('closes the greediest with 1013, refuses newcomers meanwhile, and lets the others be', async () => {
    const { host, served, statistics, limits } = await serve(never, { memoryBudget: 1_000_000 })
    const hold = async (bytes: number) => {
      const peer = await served.connect('/handler')
      peer.send(clientFrame('binary', new Uint8Array(bytes)))
      await settled()
      return peer
    }
    const small = await hold(100_000)
    const large = await hold(500_000)
    await hold(300_000)
    expect(limits).toEqual([])
    expect(statistics().bytesBuffered).toBe(900_768)

    // From seven eighths on nobody comes in any more.
    await expect(served.connect('/')).rejects.toThrow('not upgraded: refused')
    expect(statistics().upgradesRefused).toEqual({ memory: 1 })

    small.send(clientFrame('binary', new Uint8Array(200_000)))
    await settled()

    expect(await large.rest()).toBe('88 02 03 f5')
    expect(limits).toEqual(['memoryBudget'])
    expect(statistics().bytesBuffered).toBe(600_768)
    expect(statistics().limitsReached).toEqual({ memoryBudget: 2 })
    await host.advance(100)
    await served.connect('/')
    await served.stop()
  })

  it('200 frames of which one byte has come keep nobody out', async () => {
    const { served, statistics, limits, echoes } = await serve(never, { memoryBudget: 1_000_000 })
    for (let count = 0; count < 200; count++) {
      const peer = await served.connect('/handler')
      peer.send(hex('82 ff 00 00 00 00 00 10 00 00 00 00 00 00 00')) // 1 MiB announced
    }
    await settled()

    expect(statistics().bytesBuffered).toBe(200 * 1024)
    expect(await echoes()).toBe(true)
    expect(limits).toEqual([])
    await served.stop()
  })

  it('peers that do not read a feed keep others out for 2 seconds, and not for 30', async () => {
    const { host, served, limits, echoes } = await serve(
      async ({ send }) => {
        for (;;) await send(new Uint8Array(16_384))
      },
      { memoryBudget: 3_600_000 },
    )
    for (let count = 0; count < 3; count++) {
      const peer = await served.connect('/handler')
      peer.pause()
      await settled()
    }
    await expect(served.connect('/')).rejects.toThrow('not upgraded: refused')
    await host.advance(1_900)
    await expect(served.connect('/')).rejects.toThrow('not upgraded: refused')
    expect(limits).toEqual([])
    await host.advance(200)
    await expect(served.connect('/')).rejects.toThrow('not upgraded: refused')
    await settled()

    expect(limits).toEqual(['memoryBudget'])
    expect(await echoes()).toBe(true)
    await served.stop()
  })

  it('fails incoming and send of the session that is closed, which is no failure of its handler', async () => {
    const errors: unknown[] = []
    const { served, failures } = await serve(
      async ({ incoming, closeReason }) => {
        await closeReason
        try {
          await incoming.receive()
        } catch (error) {
          errors.push(error)
          throw error
        }
      },
      { memoryBudget: 100_000 },
    )
    const peer = await served.connect('/handler')
    peer.send(clientFrame('binary', new Uint8Array(150_000)))
    await settled()

    expect(await peer.rest()).toBe('88 02 03 f5')
    expect(errors).toMatchObject([{ code: 'TOWPATH_MEMORY_BUDGET', limit: 100_000 }])
    expect(failures).toEqual([])
    await served.stop()
  })

  it('drops a connection whose write cannot be taken back', async () => {
    const { served, statistics, limits } = await serve(
      async ({ send, closeReason }) => {
        await send(new Frame.Binary(new Uint8Array(2_000_000)))
        await closeReason
      },
      { memoryBudget: 1_000_000 },
    )
    const peer = await served.connect('/handler')
    peer.pause()
    await settled()

    expect(await peer.gone).toMatchObject({ code: 'ECONNRESET' })
    expect(limits).toEqual(['memoryBudget'])
    expect(statistics().bytesBuffered).toBe(0)
    await served.stop()
  })

  it('does not mind any amount that passes through', async () => {
    const { served, limits } = await serve(never, { memoryBudget: 100_000 })
    const peer = await served.connect('/')
    for (let sent = 0; sent < 100; sent++) {
      peer.send(clientFrame('binary', new Uint8Array(20_000)))
      await settled()
    }

    expect(limits).toEqual([])
    await served.stop()
  })
})
