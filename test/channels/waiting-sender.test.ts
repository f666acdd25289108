import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { WaitingSender } from '../../src/channels/waiting-sender.ts'

const cause = new Error('why')

function setUp(): { sender: WaitingSender<string>; controller: AbortController; left: unknown[] } {
  const controller = new AbortController()
  const left: unknown[] = []
  const sender = new WaitingSender('value', 5, controller.signal, {
    senderLeft: (who) => {
      left.push(who)
    },
  })
  return { sender, controller, left }
}

describe('WaitingSender', () => {
  it('accept() resolves the promise and stops listening', async () => {
    const { sender, controller } = setUp()
    expect(getEventListeners(controller.signal, 'abort').length).toBe(1)

    sender.accept()

    expect(getEventListeners(controller.signal, 'abort').length).toBe(0)
    expect(await sender.promise).toBeUndefined()
  })

  it('refuse() rejects the promise and stops listening', async () => {
    const { sender, controller } = setUp()

    sender.refuse(cause)

    expect(getEventListeners(controller.signal, 'abort').length).toBe(0)
    await expect(sender.promise).rejects.toBe(cause)
  })

  it('an abort rejects with the reason, stops listening and tells the queue', async () => {
    const { sender, controller, left } = setUp()

    controller.abort(cause)

    expect(left).toEqual([sender])
    expect(getEventListeners(controller.signal, 'abort').length).toBe(0)
    await expect(sender.promise).rejects.toBe(cause)
  })
})
