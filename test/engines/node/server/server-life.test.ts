import { describe, expect, it } from 'vitest'

import type { StopCounts } from '../../../../src/application/index.ts'
import { ServerStoppedError } from '../../../../src/engines/node/errors.ts'
import type { EmbeddedServer } from '../../../../src/engines/node/server/server.ts'
import { ServerLife } from '../../../../src/engines/node/server/server-life.ts'

const SERVER = {} as EmbeddedServer // only passed on
const COUNTS = { sessions: 0, closed: 0, aborted: 0 }

describe('ServerLife', () => {
  it('begins once and ends once: later calls return the first promise', async () => {
    const life = new ServerLife()
    let calls = 0
    const begin = (): Promise<EmbeddedServer> => {
      calls++
      return Promise.resolve(SERVER)
    }
    const end = (): Promise<StopCounts> => {
      calls++
      return Promise.resolve(COUNTS)
    }

    expect(life.start(begin)).toBe(life.start(begin))
    expect(life.stop(end)).toBe(life.stop(end))

    expect(await life.stop(end)).toBe(COUNTS)
    expect(calls).toBe(2)
  })

  it('does not start after its stop', async () => {
    const life = new ServerLife()
    void life.stop(() => Promise.resolve(COUNTS))

    await expect(life.start(() => Promise.resolve(SERVER))).rejects.toBeInstanceOf(
      ServerStoppedError,
    )
  })

  it('has an address from listens() on, and none after a failed start', () => {
    const life = new ServerLife()
    expect(() => life.address).toThrow('Cannot read address: the server does not listen')

    life.listens({ host: '127.0.0.1', port: 80 })
    expect(life.address).toEqual({ host: '127.0.0.1', port: 80 })
    life.failed()

    expect(() => life.address).toThrow('Cannot read address: the server does not listen')
  })

  it('tries again after a failed start, and settles whatever the start does', async () => {
    const life = new ServerLife()
    const failure = new Error('in use')
    const failing = life.start(() => Promise.reject(failure))

    await life.settled()
    await expect(failing).rejects.toBe(failure)
    life.failed()

    expect(await life.start(() => Promise.resolve(SERVER))).toBe(SERVER)
    await life.settled()
  })
})
