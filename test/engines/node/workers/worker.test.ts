import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'

import {
  createApplication,
  type StopCounts,
  type StopOptions,
} from '../../../../src/application/index.ts'
import { VirtualClock } from '../../../../src/base/index.ts'
import { ListenError } from '../../../../src/engines/node/errors.ts'
import type { EmbeddedServer } from '../../../../src/engines/node/server/server.ts'
import { wrapMessage } from '../../../../src/engines/node/workers/messages.ts'
import { WorkerServer } from '../../../../src/engines/node/workers/worker.ts'

const COUNTS: StopCounts = { sessions: 1, closed: 1, aborted: 0 }
const ORDER = wrapMessage({
  kind: 'stop',
  times: { lead: 0, grace: 1, timeout: 2, reconnectWithin: 3 },
})

/** A server that listens, or does not, at the wish of the test. */
class FakeServer implements EmbeddedServer {
  readonly application = createApplication()
  readonly address = { host: '127.0.0.1', port: 81 }
  readonly stops: StopOptions[] = []
  failure: Error | null = null

  start(): Promise<EmbeddedServer> {
    return this.failure === null ? Promise.resolve(this) : Promise.reject(this.failure)
  }

  stop(options: StopOptions = {}): Promise<StopCounts> {
    this.stops.push(options)
    return Promise.resolve(COUNTS)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

class World {
  readonly inner = new FakeServer()
  readonly clock = new VirtualClock()
  readonly events = new EventEmitter()
  readonly sent: object[] = []
  exits = 0
  readonly server: WorkerServer

  constructor(holdsSignals: boolean = true) {
    this.server = new WorkerServer(this.inner, holdsSignals, {
      clock: this.clock,
      send: (message) => void this.sent.push(message),
      on: (event, listener) => void this.events.on(event, listener),
      exit: () => void this.exits++,
      claim: () => {},
    })
  }
}

describe('WorkerServer', () => {
  it('has the application and the address of the server in this process', () => {
    const { server, inner } = new World()

    expect(server.application).toBe(inner.application)
    expect(server.address).toBe(inner.address)
  })

  describe('start()', () => {
    it('listens, and tells the primary where', async () => {
      const { server, sent } = new World()

      expect(await server.start()).toBe(server)
      expect(sent).toEqual([
        { 'towpath:worker': { kind: 'listening', host: '127.0.0.1', port: 81 } },
      ])
    })

    it('tells the primary that it cannot listen, and then stays as it is', async () => {
      const { server, inner, sent } = new World()
      const cause = Object.assign(new Error('bind EADDRINUSE'), { code: 'EADDRINUSE' })
      inner.failure = new ListenError('127.0.0.1', 81, cause)
      let isSettled = false

      const settle = (): void => void (isSettled = true)
      void server.start().then(settle, settle)
      await new Promise((resolve) => setImmediate(resolve))

      expect(isSettled).toBe(false)
      expect(sent).toEqual([
        {
          'towpath:worker': {
            kind: 'refused',
            host: '127.0.0.1',
            port: 81,
            code: 'EADDRINUSE',
            reason: 'bind EADDRINUSE',
          },
        },
      ])
    })

    it('rejects with whatever else the server rejects with', async () => {
      const { server, inner } = new World()
      inner.failure = new Error('broken')

      await expect(server.start()).rejects.toBe(inner.failure)
    })

    it('makes SIGTERM and SIGINT do nothing, unless signals are left to the program', async () => {
      const held = new World()
      const left = new World(false)
      await Promise.all([held.server.start(), left.server.start()])

      held.events.emit('SIGTERM', 'SIGTERM')
      held.events.emit('SIGINT', 'SIGINT')

      expect(held.events.eventNames()).toContain('SIGTERM')
      expect(held.events.eventNames()).toContain('SIGINT')
      expect(held.inner.stops).toEqual([])
      expect(left.events.eventNames()).toEqual(['message'])
    })
  })

  describe('stop()', () => {
    it('is called at the order of the primary, and at no other message', async () => {
      const { server, inner, events } = new World()
      await server.start()

      events.emit('message', { kind: 'stop' })
      events.emit('message', 'stop')
      const before = [...inner.stops]
      events.emit('message', ORDER)

      expect(before).toEqual([])
      expect(inner.stops).toEqual([
        {
          lead: { milliseconds: 0 },
          grace: { milliseconds: 1 },
          timeout: { milliseconds: 2 },
          reconnectWithin: { milliseconds: 3 },
        },
      ])
    })

    it('tells the primary the counts, once', async () => {
      const { server, sent, inner } = new World()

      const stopped = server.stop({ grace: 0 })

      expect(server.stop()).toBe(stopped)
      expect(await stopped).toBe(COUNTS)
      expect(inner.stops).toEqual([{ grace: 0 }])
      expect(sent).toEqual([{ 'towpath:worker': { kind: 'stopped', counts: COUNTS } }])
    })

    it('ends the process if something holds it 3 seconds after the primary has let go', async () => {
      const world = new World()
      await world.server.stop()
      await world.clock.advance(60_000)

      world.events.emit('disconnect')
      await world.clock.advance(2999)
      const before = world.exits
      await world.clock.advance(1)

      expect(before).toBe(0)
      expect(world.exits).toBe(1)
    })
  })
})
