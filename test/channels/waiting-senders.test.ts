import { describe, expect, it } from 'vitest'
import { NORMAL_END } from '../../src/channels/channel-end.ts'
import { NOTHING } from '../../src/channels/receiving/receive-core.ts'
import { WaitingSenders } from '../../src/channels/waiting-senders.ts'

/** The senders of a room whose size the test sets; text that begins with `!` is not admitted. */
function open(room: number) {
  const put: string[] = []
  const space = { left: room }
  const senders = new WaitingSenders<string>({
    hasRoomFor: (bytes) => bytes <= space.left,
    admit: (value) => {
      if (value.startsWith('!')) throw new Error('not admitted')
      return `${value} admitted`
    },
    put: (value, bytes) => {
      space.left -= bytes
      put.push(value)
    },
  })
  return { senders, space, put }
}

describe('WaitingSenders', () => {
  it('letIn() lets senders in, in order, as far as there is room', async () => {
    const { senders, space, put } = open(0)
    const first = senders.wait('a', 2, undefined)
    void senders.wait('b', 3, undefined)
    void senders.wait('c', 1, undefined)

    space.left = 4
    senders.letIn()

    await first
    expect(put).toEqual(['a admitted'])
    expect(senders.size).toBe(2)
    expect(senders.bytes).toBe(4)
  })

  it('letAllIn() lets all in, past the bounds', () => {
    const { senders, put } = open(0)
    for (const value of ['a', 'b']) void senders.wait(value, 5, undefined)

    senders.letAllIn()

    expect(put).toEqual(['a admitted', 'b admitted'])
    expect(senders.bytes).toBe(0)
  })

  it('a sender whose value is not admitted is refused, and the next is let in', async () => {
    const { senders, space, put } = open(0)
    const refused = senders.wait('!', 1, undefined)
    void senders.wait('b', 1, undefined)

    space.left = 1
    senders.letIn()

    await expect(refused).rejects.toThrow('not admitted')
    expect(put).toEqual(['b admitted'])
  })

  it('take() takes a value from its sender, past those that are not admitted', async () => {
    const { senders } = open(0)
    const refused = senders.wait('!', 1, undefined)
    const taken = senders.wait('b', 1, undefined)

    expect(senders.take()).toBe('b admitted')
    expect(senders.take()).toBe(NOTHING)
    await expect(refused).rejects.toThrow('not admitted')
    await taken
    expect(senders.bytes).toBe(0)
  })

  it('a sender that leaves makes way for a smaller one behind it', async () => {
    const { senders, put } = open(1)
    const controller = new AbortController()
    const left = senders.wait('large', 2, controller.signal)
    void senders.wait('b', 1, undefined)

    controller.abort(new Error('enough'))

    await expect(left).rejects.toThrow('enough')
    expect(put).toEqual(['b admitted'])
    expect(senders.bytes).toBe(0)
  })

  it('refuse() rejects all, with their values', async () => {
    const { senders } = open(0)
    const waits = [senders.wait('a', 1, undefined), senders.wait('b', 1, undefined)]

    senders.refuse(NORMAL_END)

    for (const [index, value] of ['a', 'b'].entries()) {
      await expect(waits[index]).rejects.toMatchObject({
        code: 'TOWPATH_CLOSED_SEND_CHANNEL',
        value,
      })
    }
    expect(senders.size).toBe(0)
  })
})
