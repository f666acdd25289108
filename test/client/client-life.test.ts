import { describe, expect, it } from 'vitest'

import { Deferred } from '../../src/base/internal.ts'
import { ClientLife } from '../../src/client/client-life.ts'
import { ClientClosedError } from '../../src/client/opening/errors.ts'

/** A life, and what happened in order. */
function lived() {
  const log: string[] = []
  const life = new ClientLife(() => {
    log.push('released')
    return Promise.resolve()
  })
  return { life, log }
}

describe('ClientLife', () => {
  it('releases the platform when the last session has ended', async () => {
    const { life, log } = lived()
    await life.open(() => Promise.resolve('a session'))
    const request = new Deferred<string>()
    const opening = life.open(() => request.promise)
    const closing = life.close().then(() => log.push('closed'))
    life.leave()
    await Promise.resolve()
    expect(log).toEqual([])
    request.reject(new Error('refused'))
    await expect(opening).rejects.toThrow('refused')
    await closing

    expect(log).toEqual(['released', 'closed'])
  })

  it('its signal aborts with ClientClosedError, which requireOpen() throws', async () => {
    const { life } = lived()
    life.requireOpen()
    await life.close()

    expect(life.signal.reason).toBeInstanceOf(ClientClosedError)
    expect(() => life.requireOpen()).toThrow(ClientClosedError)
  })

  it('close() ends what listens to the signal before it waits', async () => {
    const { life } = lived()
    await life.open(() => Promise.resolve())
    life.signal.addEventListener('abort', () => life.leave())

    await life.close()
  })

  it('closes connections with 1001, and forgets those that have ended', async () => {
    const { life } = lived()
    const codes: number[] = []
    const connection = (closed: Deferred<void>) => ({
      closed: closed.promise,
      close: (reason: { readonly code: number }) => {
        codes.push(reason.code)
        closed.resolve()
        return closed.promise
      },
    })
    const ended = new Deferred<void>()
    life.add(connection(ended))
    life.add(connection(new Deferred()))
    ended.resolve()
    await ended.promise
    await life.close()
    await life.close()

    expect(codes).toEqual([1001])
  })
})
