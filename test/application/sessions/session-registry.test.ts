import { describe, expect, it, vi } from 'vitest'

import type { WebSocketServerSession } from '../../../src/application/application.ts'
import { SessionRegistry } from '../../../src/application/sessions/session-registry.ts'
import { settled } from '../../support/memory-world.ts'
import { IDLE_CONTROL } from '../../support/session-control.ts'

/** The registry keeps sessions and never looks into them. */
function session(id: string): WebSocketServerSession {
  return { id } as WebSocketServerSession
}

describe('SessionRegistry', () => {
  it('keeps sessions in the order in which they began', () => {
    const registry = new SessionRegistry()
    const first = session('1')
    registry.add(first, IDLE_CONTROL)
    registry.add(session('2'), IDLE_CONTROL)
    registry.add(session('3'), IDLE_CONTROL)
    registry.delete(first)

    expect(registry.size).toBe(2)
    expect(registry.opened).toBe(3)
    expect([...registry].map(({ id }) => id)).toEqual(['2', '3'])
    expect(registry.controls).toEqual([IDLE_CONTROL, IDLE_CONTROL])
  })

  it('whenEmpty() resolves at once when there is no session', async () => {
    await expect(new SessionRegistry().whenEmpty()).resolves.toBe(undefined)
  })

  it('whenEmpty() resolves when the last session is gone, for all who wait', async () => {
    const registry = new SessionRegistry()
    const [first, second] = [session('1'), session('2')]
    registry.add(first, IDLE_CONTROL)
    registry.add(second, IDLE_CONTROL)
    const empty = vi.fn<() => void>()
    const waits = [registry.whenEmpty().then(empty), registry.whenEmpty().then(empty)]

    registry.delete(first)
    await settled()
    expect(empty).not.toHaveBeenCalled()

    registry.delete(second)
    await Promise.all(waits)
    expect(empty).toHaveBeenCalledTimes(2)
  })

  it('whenEmpty() waits again for sessions that began later', async () => {
    const registry = new SessionRegistry()
    const [first, second] = [session('1'), session('2')]
    registry.add(first, IDLE_CONTROL)
    registry.delete(first)
    registry.add(second, IDLE_CONTROL)
    const empty = vi.fn<() => void>()
    const wait = registry.whenEmpty().then(empty)

    await settled()
    expect(empty).not.toHaveBeenCalled()

    registry.delete(second)
    await wait
  })
})
