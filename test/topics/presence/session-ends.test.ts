import { describe, expect, it, vi } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import { CloseReason, type WebSocketSession } from '../../../src/index.ts'
import { settled } from '../../../src/testing/test-environment.ts'
import { onSessionEnd } from '../../../src/topics/presence/session-ends.ts'

/** A session whose `closeReason` may be watched. */
function createSession() {
  const reason = new Deferred<CloseReason>()
  const then = vi.spyOn(reason.promise, 'then')
  // Nothing else of a session is used.
  const session = { closeReason: reason.promise } as unknown as WebSocketSession
  return {
    session,
    close: (code: number) => reason.resolve(new CloseReason(code)),
    reactions: () => then.mock.calls.length,
  }
}

describe('onSessionEnd()', () => {
  it('calls every listener once with the close code', async () => {
    const { session, close } = createSession()
    const codes: number[] = []
    onSessionEnd(session, (code) => codes.push(code))
    onSessionEnd(session, (code) => codes.push(code + 1))

    close(1000)
    await settled()

    expect(codes).toEqual([1000, 1001])
  })

  it('a listener that is taken back is not called, and leaves nothing behind', async () => {
    const { session, close, reactions } = createSession()
    for (let n = 0; n < 1000; n++) onSessionEnd(session, () => expect.unreachable())()

    close(1000)
    await settled()

    expect(reactions()).toBe(1)
  })

  it('calls a listener of a session that has ended before', async () => {
    const { session, close } = createSession()
    onSessionEnd(session, () => {})
    close(1001)
    await settled()

    const late = new Promise((resolve) => onSessionEnd(session, resolve))

    expect(await late).toBe(1001)
  })
})
