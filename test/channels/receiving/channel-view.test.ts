import { describe, expect, it } from 'vitest'

import { BufferedChannel } from '../../../src/channels/buffered-channel.ts'
import { ChannelView } from '../../../src/channels/receiving/channel-view.ts'

function viewOf(...values: string[]): ChannelView<string> {
  const core = new BufferedChannel<string>({ capacity: 64 })
  for (const value of values) core.trySend(value)
  core.close()
  return new ChannelView(core)
}

describe('ChannelView', () => {
  it('receives from its core', async () => {
    const view = viewOf('1', '2', '3')

    expect(await view.receive()).toBe('1')
    expect(view.tryReceive()).toEqual({ type: 'value', value: '2' })
    expect(view.isClosedForReceive).toBe(false)
    expect(await view.receiveCatching()).toEqual({ type: 'value', value: '3' })
    expect(view.isClosedForReceive).toBe(true)
    expect(view.tryReceive()).toEqual({ type: 'closed', cause: null })
  })

  it('iterates over its core, and leaves it open after break', async () => {
    const view = viewOf('1', '2')

    for await (const value of view) {
      expect(value).toBe('1')
      break
    }

    expect(await view.receive()).toBe('2')
  })

  it('cancels its core, with the cause', async () => {
    const core = new BufferedChannel<string>({ capacity: 1 })
    const cause = new Error('enough')

    new ChannelView(core).cancel(cause)

    expect(core.isClosedForSend).toBe(true)
    await expect(core.receive()).rejects.toBe(cause)
  })

  it('can be mapped, filtered, consumed and read as a stream', async () => {
    expect(await viewOf('1', '2').map(Number).toArray()).toEqual([1, 2])
    const isTwo = (value: string): boolean => value === '2'
    expect(await viewOf('1', '2').filter(isTwo).toArray()).toEqual(['2'])
    const two = viewOf('1', '2').mapNotNull((value) => (value === '2' ? 2 : null))
    expect(await two.toArray()).toEqual([2])
    expect(await viewOf('1', '2').first()).toBe('1')
    const reader = viewOf('1').readable().getReader()
    expect(await reader.read()).toEqual({ done: false, value: '1' })
    const seen: string[] = []
    await viewOf('1', '2').consumeEach((value) => seen.push(value))
    expect(seen).toEqual(['1', '2'])
  })

  it('map(), filter(), mapNotNull() and consumeEach() throw at once without a function', () => {
    const view = viewOf('1')
    const missing = undefined as unknown as () => boolean // a caller in JavaScript
    const message = 'Cannot read a channel: expected a function'

    expect(() => view.map(missing)).toThrow(message)
    expect(() => view.mapNotNull(missing)).toThrow(message)
    expect(() => view.filter(missing)).toThrow(message)
    expect(() => view.consumeEach(missing)).toThrow(message)
    expect(view.isClosedForReceive).toBe(false)
  })
})
