import { describe, expect, it } from 'vitest'
import type { PresenceChange } from '../../../src/topics/index.ts'
import { PresenceWatch } from '../../../src/topics/presence/presence-watch.ts'

const MEMBERS: PresenceChange = { type: 'members', members: [], count: 0 }
const joined = (key: string): PresenceChange => ({ type: 'joined', member: { key, meta: null } })

function watching(signal: AbortSignal | null = null) {
  const source = { ready: true, left: 0 }
  const watch = new PresenceWatch(
    {
      isReady: () => source.ready,
      members: (isCounting) => (isCounting ? { type: 'count', count: 0 } : MEMBERS),
      left: () => void source.left++,
    },
    signal,
    false,
  )
  return { watch, source }
}

describe('PresenceWatch', () => {
  it('T-48 begins with the members, which have every change before', async () => {
    const { watch } = watching()
    watch.push(joined('ada'))

    expect(await watch.next()).toEqual({ done: false, value: MEMBERS })
    watch.push(joined('bob'))
    expect(await watch.next()).toEqual({ done: false, value: joined('bob') })
  })

  it('waits until the members are known', async () => {
    const { watch, source } = watching()
    source.ready = false
    const next = watch.next()
    watch.push(joined('ada'))
    source.ready = true
    watch.renew()

    expect(await next).toEqual({ done: false, value: MEMBERS })
  })

  it('a loop that is slow gets the members again, and not every change', async () => {
    const { watch } = watching()
    await watch.next()
    for (let n = 0; n <= 1000; n++) watch.push(joined(`${n}`))

    expect(await watch.next()).toEqual({ done: false, value: MEMBERS })
    watch.push(joined('last'))
    expect(await watch.next()).toEqual({ done: false, value: joined('last') })
  })

  it('ends a next that waits, by return(), by its signal, and with an error', async () => {
    const returned = watching()
    await returned.watch.next()
    const next = returned.watch.next()
    await returned.watch.return()
    expect(await next).toEqual({ done: true, value: undefined })
    await returned.watch.return()
    expect(returned.source.left).toBe(1)

    const controller = new AbortController()
    const aborted = watching(controller.signal)
    await aborted.watch.next()
    const waiting = aborted.watch.next()
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    expect(aborted.source.left).toBe(1)

    const failed = watching()
    failed.watch.end(new Error('broken'))
    await expect(failed.watch.next()).rejects.toThrow('broken')
    expect(await failed.watch.next()).toEqual({ done: true, value: undefined })
  })
})
