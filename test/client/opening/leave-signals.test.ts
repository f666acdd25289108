import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'

import { LeaveSignals } from '../../../src/client/opening/leave-signals.ts'

describe('LeaveSignals', () => {
  it('without a signal never aborts', () => {
    const leave = new LeaveSignals(null, null)

    expect(leave.aborted).toBe(false)
    expect(leave.reason).toBe(undefined)
    leave.throwIfAborted()
  })

  it.each([0, 1])('has the reason of the signal that aborts (%i)', (index) => {
    const controllers = [new AbortController(), new AbortController()]
    const leave = new LeaveSignals(...controllers.map(({ signal }) => signal))
    let calls = 0
    const listener = (): void => void (calls += 1)
    leave.add(listener)
    const reason = new Error('enough')
    controllers[index]?.abort(reason)

    expect(calls).toBe(1)
    expect(leave.aborted).toBe(true)
    expect(leave.reason).toBe(reason)
    expect(() => leave.throwIfAborted()).toThrow(reason)
    leave.remove(listener)
    for (const { signal } of controllers) expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})
