import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'

import { UpgradeGuard } from '../../../../src/engines/node/upgrades/upgrade-guard.ts'
import { socketPair } from '../../../support/loopback.ts'

describe('UpgradeGuard', () => {
  it('makes write, end, destroy and the like do nothing to a socket', async () => {
    await using pair = await socketPair()
    const { accepted, connecting } = pair
    const received = vi.fn<() => void>()
    connecting.on('data', received)
    const guard = new UpgradeGuard(accepted)
    const target = new Duplex()

    expect(accepted.write('HTTP/1.1 400 Bad Request\r\n\r\n')).toBe(true)
    expect(accepted.end('bye')).toBe(accepted)
    expect(accepted.destroy()).toBe(accepted)
    expect(accepted.destroy(new Error('not mine'))).toBe(accepted)
    expect(accepted.resetAndDestroy()).toBe(accepted)
    expect(accepted.resume()).toBe(accepted)
    expect(accepted.pipe(target)).toBe(target)
    accepted.destroySoon()
    guard.release()

    accepted.write('ours')
    expect(String((await once(connecting, 'data'))[0])).toBe('ours')
    expect(received).toHaveBeenCalledTimes(1)
    expect(accepted.destroyed).toBe(false)
  })

  it('release() leaves nothing of it on the stream, and is idempotent', async () => {
    await using pair = await socketPair()
    const { accepted } = pair
    const names = Object.getOwnPropertyNames(accepted)
    const own = (): boolean => false
    Object.defineProperty(accepted, 'write', { value: own, configurable: true, writable: true })

    const guard = new UpgradeGuard(accepted)
    expect(Reflect.get(accepted, 'write')).not.toBe(own)
    guard.release()
    guard.release()

    expect(Reflect.get(accepted, 'write')).toBe(own)
    expect(Object.getOwnPropertyNames(accepted).sort()).toEqual([...names, 'write'].sort())
  })

  it('keeps a function that was taken from the stream without effect', async () => {
    await using pair = await socketPair()
    const { accepted } = pair
    const guard = new UpgradeGuard(accepted)
    const destroy: unknown = Reflect.get(accepted, 'destroy')

    guard.release()
    if (typeof destroy === 'function') Reflect.apply(destroy, accepted, [])

    expect(accepted.destroyed).toBe(false)
  })

  it('lets the reset of the peer destroy the socket', async () => {
    await using pair = await socketPair()
    const { accepted, connecting } = pair
    const guard = new UpgradeGuard(accepted)
    const failed = once(accepted, 'error')
    accepted.read(0)

    connecting.resetAndDestroy()

    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' })
    expect(accepted.destroyed).toBe(true)
    guard.release()
  })

  it('guards streams that have fewer methods', () => {
    const stream = new Duplex({ read() {}, write() {} })
    const guard = new UpgradeGuard(stream)

    stream.destroy()
    guard.release()

    expect(stream.destroyed).toBe(false)
  })
})
