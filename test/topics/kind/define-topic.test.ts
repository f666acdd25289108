import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { minutes } from '../../../src/base/index.ts'
import { defineTopic, overlap, requireKind } from '../../../src/topics/kind/define-topic.ts'

describe('defineTopic()', () => {
  it('makes a kind whose parameters are typed from the pattern', () => {
    const Room = defineTopic('shops/:shop/rooms/:room')

    expect(Room.nameOf({ shop: '1', room: '2' })).toBe('shops/1/rooms/2')
    expect(Room.match('shops/1/rooms/2')).toEqual({ shop: '1', room: '2' })
    expectTypeOf<Parameters<typeof Room.nameOf>[0]>().toEqualTypeOf<{
      readonly shop: string
      readonly room: string
    }>()
    // @ts-expect-error "room" is missing
    expect(() => Room.nameOf({ shop: '1' })).toThrow(TypeError)
  })

  it('takes the types of events from their schema', () => {
    const Tick = defineTopic('ticks', {
      event: z.object({ symbol: z.string(), price: z.coerce.number() }),
      history: { size: 20, age: minutes(2) },
      key: (tick) => tick.symbol,
      lagging: 'latest',
    })

    expect(Tick.key?.({ symbol: 'A', price: 1 })).toBe('A')
    expectTypeOf<Parameters<NonNullable<typeof Tick.key>>[0]>().toEqualTypeOf<{
      symbol: string
      price: number
    }>()
  })

  it('refuses an invalid option, and names the topic', () => {
    // The types do not allow it.
    expect(() => defineTopic('a', { lagging: 'sometimes' as 'skip' })).toThrow(
      /^Cannot define topic "a"/,
    )
    expect(() => defineTopic('a//b')).toThrow(TypeError)
  })
})

describe('overlap()', () => {
  it('says whether one name could be of two kinds', () => {
    expect(overlap(defineTopic('a/:b'), defineTopic('a/c'))).toBe(true)
    expect(overlap(defineTopic('a/:b'), defineTopic('b/c'))).toBe(false)
  })
})

describe('requireKind()', () => {
  it('refuses what defineTopic() has not made', () => {
    expect(() => requireKind('subscribe', defineTopic('a'))).not.toThrow()
    expect(() => requireKind('subscribe', { ...defineTopic('a') })).toThrow(TypeError)
  })
})
