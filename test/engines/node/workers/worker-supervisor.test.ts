import { describe, expect, it } from 'vitest'

import { VirtualClock } from '../../../../src/base/index.ts'
import {
  ListenError,
  ServerStoppedError,
  WorkerStartError,
} from '../../../../src/engines/node/errors.ts'
import type { ServerAddress } from '../../../../src/engines/node/server/server.ts'
import { WorkerSupervisor } from '../../../../src/engines/node/workers/worker-supervisor.ts'
import { FakeWorker } from '../../../support/fake-worker.ts'

const TIMES = { lead: 0, grace: 100, timeout: 1000, reconnectWithin: null }
const NONE = { sessions: 0, closed: 0, aborted: 0 }

class World {
  readonly clock = new VirtualClock()
  readonly workers: FakeWorker[] = []
  readonly addresses: ServerAddress[] = []
  readonly logged: object[] = []
  nextFork: () => FakeWorker = () => new FakeWorker(this.workers.length + 1)
  readonly supervisor = new WorkerSupervisor({
    fork: () => {
      const worker = this.nextFork()
      this.workers.push(worker)
      return worker
    },
    clock: this.clock,
    logger: {
      debug() {},
      info() {},
      warn: (facts, message) => void this.logged.push({ ...facts, message }),
      error: (facts, message) => void this.logged.push({ ...facts, message }),
    },
    onListening: (address) => void this.addresses.push(address),
  })

  get worker(): FakeWorker {
    const last = this.workers.at(-1)
    if (last === undefined) throw new Error('No worker has been started')
    return last
  }

  /** A supervisor whose first worker listens. */
  static async listening(): Promise<World> {
    const world = new World()
    const started = world.supervisor.start()
    world.worker.listen()
    await started
    return world
  }
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => error,
  )
}

describe('WorkerSupervisor', () => {
  describe('start()', () => {
    it('resolves when the worker listens, and tells where', async () => {
      const world = new World()

      const started = world.supervisor.start()
      world.worker.emit('message', 'of the program itself')
      world.worker.listen(81)
      await started

      expect(world.addresses).toEqual([{ host: '127.0.0.1', port: 81 }])
    })

    it('rejects with ListenError when the worker cannot listen', async () => {
      const world = new World()

      const started = failureOf(world.supervisor.start())
      world.worker.refuse('EADDRINUSE')

      const error = await started
      expect(error).toBeInstanceOf(ListenError)
      expect(error).toMatchObject({ host: null, port: 80, cause: { code: 'EADDRINUSE' } })
    })

    it('rejects with WorkerStartError when the worker ends first, and starts no other', async () => {
      const world = new World()

      const started = failureOf(world.supervisor.start())
      world.worker.exit(7)
      await world.clock.advance(60_000)

      const error = await started
      expect(error).toBeInstanceOf(WorkerStartError)
      expect(error).toMatchObject({ exitCode: 7, signal: null })
      expect(world.workers).toHaveLength(1)
      expect(world.logged).toEqual([])
    })

    it('rejects with WorkerStartError when there is no process to be had, at once or later', async () => {
      const cause = new Error('EAGAIN')
      const atOnce = new World()
      atOnce.nextFork = () => {
        throw cause
      }
      const later = new World()
      later.nextFork = () => Object.assign(new FakeWorker(), { process: { pid: undefined } })

      const failures = [failureOf(atOnce.supervisor.start()), failureOf(later.supervisor.start())]
      later.worker.emit('error', cause)

      for (const error of await Promise.all(failures)) {
        expect(error).toBeInstanceOf(WorkerStartError)
        expect(error).toMatchObject({ exitCode: null, signal: null, cause })
      }
    })
  })

  describe('replacing', () => {
    it('takes 100 ms, doubled with each worker that does not last, up to 10 seconds', async () => {
      const world = await World.listening()

      const delays: number[] = []
      for (let each = 0; each < 9; each++) {
        const forked = world.workers.length
        const from = world.clock.now()
        world.worker.exit(1)
        while (world.workers.length === forked) await world.clock.advance(100)
        delays.push(world.clock.now() - from)
      }

      expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
      expect(world.logged[3]).toEqual({
        pid: 4,
        exitCode: 1,
        signal: null,
        delayMs: 800,
        err: undefined,
        message: 'Worker ended and will be replaced',
      })
    })

    it('begins with 100 ms again after a worker that has listened for 10 seconds', async () => {
      const world = await World.listening()
      world.worker.exit(1)
      await world.clock.advance(100)
      world.worker.listen()
      await world.clock.advance(10_000)

      world.worker.exit(1)
      await world.clock.advance(100)

      expect(world.workers).toHaveLength(3)
    })

    it('goes on when there is no process to be had', async () => {
      const world = await World.listening()
      const { nextFork } = world
      world.nextFork = () => {
        throw new Error('EAGAIN')
      }
      world.worker.exit(1)
      await world.clock.advance(100)

      world.nextFork = nextFork
      await world.clock.advance(200)

      expect(world.workers).toHaveLength(2)
    })

    it('ends a replacement that cannot listen, and takes another', async () => {
      const world = await World.listening()
      world.worker.exit(1)
      await world.clock.advance(100)

      world.worker.refuse('EADDRINUSE')
      world.worker.exit(null, 'SIGKILL')
      await world.clock.advance(200)

      expect(world.workers[1]?.log).toEqual(['SIGKILL'])
      expect(world.logged).toMatchObject([
        {},
        { message: 'Worker cannot listen', err: { code: 'TOWPATH_LISTEN' } },
        { signal: 'SIGKILL' },
      ])
      expect(world.workers).toHaveLength(3)
    })

    it('is not logged for a worker that has stopped itself', async () => {
      const world = await World.listening()

      world.worker.stopped({ sessions: 1, closed: 1, aborted: 0 })
      world.worker.exit(0)
      await world.clock.advance(100)

      expect(world.workers[0]?.log).toEqual(['disconnect'])
      expect(world.workers).toHaveLength(2)
      expect(world.logged).toEqual([])
    })
  })

  describe('stop()', () => {
    it('tells the worker, lets it go when its counts are there, and resolves when it is gone', async () => {
      const world = await World.listening()

      const stopped = world.supervisor.stop(TIMES)
      world.worker.stopped({ sessions: 3, closed: 2, aborted: 1 })
      world.worker.exit(0)

      expect(await stopped).toEqual({ sessions: 3, closed: 2, aborted: 1 })
      expect(world.worker.log).toEqual([
        { 'towpath:worker': { kind: 'stop', times: TIMES } },
        'disconnect',
      ])
      await world.clock.advance(60_000)
      expect(world.workers).toHaveLength(1)
      expect(await world.supervisor.stop(TIMES)).toEqual({ sessions: 3, closed: 2, aborted: 1 })
    })

    it('kills a worker that is still there 5 seconds after the timeout', async () => {
      const world = await World.listening()

      const stopped = world.supervisor.stop(TIMES)
      await world.clock.advance(5999)
      const before = world.worker.log.length
      await world.clock.advance(1)
      world.worker.exit(null, 'SIGKILL')

      expect(await stopped).toEqual(NONE)
      expect(before).toBe(1)
      expect(world.worker.log[1]).toBe('SIGKILL')
      expect(world.logged).toEqual([{ pid: 1, message: 'Worker does not stop, and is killed' }])
    })

    it('kills a worker that does not listen yet, and start() rejects with ServerStoppedError', async () => {
      const world = new World()
      const started = failureOf(world.supervisor.start())

      const stopped = world.supervisor.stop(TIMES)
      world.worker.exit(null, 'SIGKILL')

      expect(await stopped).toEqual(NONE)
      expect(world.worker.log).toEqual(['SIGKILL'])
      expect(await started).toBeInstanceOf(ServerStoppedError)
    })

    it('calls a replacement off that is due', async () => {
      const world = await World.listening()
      world.worker.exit(1)

      expect(await world.supervisor.stop(TIMES)).toEqual(NONE)
      await world.clock.advance(60_000)

      expect(world.workers).toHaveLength(1)
    })
  })
})
