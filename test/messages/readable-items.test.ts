import { describe, expect, it, vi } from 'vitest'
import { ItemSink } from '../../src/messages/link/item-sink.ts'
import { readableItems } from '../../src/messages/readable-items.ts'

function setUp() {
  const owner = { grant: vi.fn(), left: vi.fn(), invalid: vi.fn() }
  const sink = new ItemSink(1, null, owner)
  return { sink, owner, readable: readableItems(sink) }
}

describe('readableItems()', () => {
  it('is a stream that takes an item only when its reader asks', async () => {
    const { sink, owner, readable } = setUp()
    const reader = readable.getReader()
    sink.receive('a')
    await Promise.resolve()
    expect(owner.grant).not.toHaveBeenCalled()

    expect(await reader.read()).toEqual({ done: false, value: 'a' })
    sink.end()
    expect(await reader.read()).toEqual({ done: true, value: undefined })
  })

  it('M-23 is left by cancelling its stream', async () => {
    const { owner, readable } = setUp()
    await readable.cancel()

    expect(owner.left).toHaveBeenCalledTimes(1)
  })

  it('fails as its items fail', async () => {
    const { sink, readable } = setUp()
    sink.end(new RangeError('broken'))

    await expect(readable.getReader().read()).rejects.toThrow(new RangeError('broken'))
  })
})
