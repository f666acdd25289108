import { describe, expect, it } from 'vitest'
import { CloseReason } from '../../../src/protocol/index.ts'
import { ABNORMAL, Ending, reportedReason } from '../../../src/session/core/ending.ts'

const BYE = new CloseReason(4000, 'bye')

describe('Ending', () => {
  it('finish() reports how the end began', () => {
    const ending = new Ending('local', BYE, null)
    expect(ending.info).toBe(null)

    ending.finish(false)

    expect(ending.info).toEqual({
      reason: BYE,
      initiator: 'local',
      local: null,
      remote: null,
      clean: false,
      cause: null,
    })
  })

  it('finish() is clean when a Close frame has gone each way, and ours was written', () => {
    const ending = new Ending('remote', BYE, null)
    ending.closeReceived(BYE)
    ending.closeSent(new CloseReason(4000))

    expect(ending.isAgreed).toBe(true)
    expect(ending.finish(false)).toMatchObject({ clean: false, local: null, remote: BYE })
    expect(ending.finish(true)).toMatchObject({ clean: true, local: new CloseReason(4000) })
  })

  it('maySendClose until ours was sent or TCP has ended', () => {
    const sent = new Ending('remote', BYE, null)
    sent.closeReceived(null)
    expect(sent.maySendClose).toBe(true)
    sent.closeSent(null)
    expect(sent.maySendClose).toBe(false)

    const gone = new Ending('none', ABNORMAL, null)
    gone.transportEnded()
    gone.transportEnded()
    expect(gone.isGone).toBe(true)
    expect(gone.maySendClose).toBe(false)
  })

  it('transportFailed() is the cause where no other is known, and none after both had agreed', () => {
    const reset = new Error('reset')
    const open = new Ending('none', ABNORMAL, null)
    open.transportFailed(reset)
    expect(open.cause).toBe(reset)

    const known = new Ending('local', BYE, new Error('boom'))
    known.transportFailed(reset)
    expect(known.cause).not.toBe(reset)

    const agreed = new Ending('local', BYE, null)
    agreed.closeSent(BYE)
    agreed.closeReceived(BYE)
    agreed.transportFailed(reset)
    expect(agreed.cause).toBe(null)
  })
})

describe('reportedReason()', () => {
  it('is 1005 for an empty Close frame', () => {
    expect(reportedReason(null)).toEqual(new CloseReason(1005))
    expect(reportedReason(BYE)).toBe(BYE)
  })
})
