import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'

import { createApplication } from '../../../../src/application/index.ts'
import { VirtualClock } from '../../../../src/base/index.ts'
import { ServerStoppedError, WorkerStartError } from '../../../../src/engines/node/errors.ts'
import type { SignalProcess } from '../../../../src/engines/node/server/signals.ts'
import { PrimaryServer } from '../../../../src/engines/node/workers/primary.ts'
import { FakeWorker } from '../../../support/fake-worker.ts'

class FakeProcess extends EventEmitter implements SignalProcess {
  readonly pid = 1
  kill(): void {}
  exit(): void {}
}

class World {
  readonly workers: FakeWorker[] = []
  readonly process = new FakeProcess()
  readonly clock = new VirtualClock()
  claims = 0
  readonly server: PrimaryServer

  constructor(workers: number = 2, signals: boolean = true) {
    const { logger } = createApplication()
    const stop = { lead: 0, grace: 1000, timeout: 15_000, reconnectWithin: null }
    this.server = new PrimaryServer(
      { workers, signals, logger, stop },
      {
        clock: this.clock,
        signals: this.process,
        fork: () => {
          const worker = new FakeWorker(this.workers.length + 1)
          this.workers.push(worker)
          return worker
        },
        claim: () => {
          this.claims++
          return { [Symbol.dispose]: () => void this.claims-- }
        },
      },
    )
  }

  static async started(signals: boolean = true): Promise<World> {
    const world = new World(2, signals)
    const started = world.server.start()
    for (const worker of world.workers) worker.listen(81)
    await started
    return world
  }

  /** Lets all workers say what they counted, and end. */
  end(): void {
    this.workers.forEach((worker, index) => {
      worker.stopped({ sessions: 2 + index, closed: 1, aborted: 1 + index })
      worker.exit(0)
    })
  }
}

describe('PrimaryServer', () => {
  it('has no application', () => {
    expect(() => new World().server.application).toThrow(
      'Cannot read application: only the workers have one, expected the module to set it up',
    )
  })

  describe('start()', () => {
    it('resolves with the server when all workers listen, and then has the address', async () => {
      const { server, workers } = new World()
      const log: string[] = []

      const started = server.start().then((result) => {
        log.push('started')
        return result
      })
      workers[0]?.listen(81)
      await Promise.resolve()
      log.push('second')
      workers[1]?.listen(81)

      expect(await started).toBe(server)
      expect(await server.start()).toBe(server)
      expect(log).toEqual(['second', 'started'])
      expect(server.address).toEqual({ host: '127.0.0.1', port: 81 })
    })

    it('ends the other workers when one fails, and may then be repeated', async () => {
      const world = new World()

      const failed = world.server.start().catch((error: unknown) => error)
      world.workers[0]?.exit(1)
      await Promise.resolve()
      await Promise.resolve()
      world.workers[1]?.exit(null, 'SIGKILL')
      expect(await failed).toBeInstanceOf(WorkerStartError)
      const claims = world.claims
      const again = world.server.start()
      for (const worker of world.workers.slice(2)) worker.listen(82)
      await again

      expect(world.workers[1]?.log).toEqual(['SIGKILL'])
      expect(claims).toBe(0)
      expect(world.claims).toBe(1)
      expect(world.server.address.port).toBe(82)
    })

    it('rejects after stop()', async () => {
      const { server } = new World()
      await server.stop()

      await expect(server.start()).rejects.toThrow(ServerStoppedError)
    })

    it('rejects when stop() comes before the workers listen', async () => {
      const world = new World()
      const started = world.server.start().catch((error: unknown) => error)

      const stopped = world.server.stop()
      for (const worker of world.workers) worker.exit(null, 'SIGKILL')

      expect(await stopped).toEqual({ sessions: 0, closed: 0, aborted: 0 })
      expect(await started).toBeInstanceOf(ServerStoppedError)
      expect(world.claims).toBe(0)
    })
  })

  describe('address', () => {
    it('throws before start()', () => {
      expect(() => new World().server.address).toThrow(
        'Cannot read address: the server does not listen, expected start() before it',
      )
    })
  })

  describe('stop()', () => {
    it('resolves with the sums of the counts, the same each time', async () => {
      const world = await World.started()

      const times = { lead: 0, grace: 0, timeout: 2000, reconnectWithin: 5000 }
      const stopped = world.server.stop({
        grace: 0,
        timeout: { seconds: 2 },
        reconnectWithin: { seconds: 5 },
      })
      world.end()

      expect(await stopped).toEqual({ sessions: 5, closed: 2, aborted: 3 })
      expect(world.server.stop()).toBe(stopped)
      expect(world.workers.map(({ log }) => log[0])).toEqual([
        { 'towpath:worker': { kind: 'stop', times } },
        { 'towpath:worker': { kind: 'stop', times } },
      ])
      expect(world.claims).toBe(0)
    })

    it('throws for options that mean nothing, and goes on', async () => {
      const world = await World.started()

      expect(() => world.server.stop({ grace: -1 })).toThrow(RangeError)
      expect(world.workers.map(({ log }) => log)).toEqual([[], []])
    })

    it('is called at a signal, and takes the listeners off', async () => {
      const world = await World.started()

      world.process.emit('SIGTERM', 'SIGTERM')
      const stopped = world.server.stop()
      world.end()

      expect(await stopped).toMatchObject({ sessions: 5 })
      await world.clock.advance(1000)
      expect(world.process.eventNames()).toEqual([])
    })
  })

  it('leaves signals alone with signals: false', async () => {
    const world = await World.started(false)

    expect(world.process.eventNames()).toEqual([])
  })
})
