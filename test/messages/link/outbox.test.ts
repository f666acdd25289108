import { ClosedSendChannelError, CloseReason } from 'towpath'
import { describe, expect, it, vi } from 'vitest'
import { VirtualClock } from '../../../src/base/index.ts'
import { json } from '../../../src/messages/codec.ts'
import { ignore, Outbox } from '../../../src/messages/link/outbox.ts'
import type { Wire } from '../../../src/messages/link/port.ts'

function setUp(isFull = false) {
  const sent: Wire[] = []
  const port = {
    clock: new VirtualClock(),
    trySend: vi.fn((wire: Wire) => {
      if (isFull) return 'full' as const
      sent.push(wire)
      return 'sent' as const
    }),
    send: vi.fn((wire: Wire) => {
      sent.push(wire)
      return Promise.resolve()
    }),
    turn: () => null,
    fail: (code: number) => new CloseReason(code),
    owner: {},
    requests: undefined,
    report: ignore,
  }
  return { outbox: new Outbox(port, json), port, sent }
}

describe('Outbox', () => {
  it('posts an answer at once where there is room for it', () => {
    const { outbox, port, sent } = setUp()
    void outbox.post({ type: '.response', id: 1 })

    expect(port.send).not.toHaveBeenCalled()
    expect(sent).toEqual(['{"type":".response","id":1}'])
  })

  it('posts an answer by way of send where the queue of the session is full', async () => {
    const { outbox, port, sent } = setUp(true)
    await outbox.post({ type: '.response', id: 1 })

    expect(port.send).toHaveBeenCalledTimes(1)
    expect(sent).toEqual(['{"type":".response","id":1}'])
  })

  it('never rejects for an answer that comes when the session is over', async () => {
    const { outbox, port } = setUp(true)
    port.send.mockRejectedValue(new ClosedSendChannelError(undefined))

    await outbox.post({ type: '.response', id: 1 })
  })
})
