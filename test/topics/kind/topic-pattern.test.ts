import { describe, expect, it } from 'vitest'
import { TopicNameError } from '../../../src/topics/errors.ts'
import { TopicPattern } from '../../../src/topics/kind/topic-pattern.ts'

describe('TopicPattern', () => {
  it('format() puts parameters into their places', () => {
    const pattern = new TopicPattern('shops/:shop/orders/:order')

    expect(pattern.format({ shop: '1', order: 'ä' })).toBe('shops/1/orders/ä')
  })

  it('format() refuses missing, unknown and unfit parameters', () => {
    const pattern = new TopicPattern('rooms/:room')

    expect(() => pattern.format({})).toThrow(TypeError)
    expect(() => pattern.format({ room: '1', hall: '2' })).toThrow(TypeError)
    expect(() => pattern.format({ room: 'a/b' })).toThrow(TopicNameError)
    expect(() => pattern.format({ room: '' })).toThrow(TopicNameError)
  })

  it('match() answers what a name has in the places of the parameters', () => {
    const pattern = new TopicPattern('rooms/:room')

    expect(pattern.match('rooms/42')).toEqual({ room: '42' })
    expect(pattern.match('rooms')).toBeNull()
    expect(pattern.match('rooms/42/x')).toBeNull()
    expect(pattern.match('halls/42')).toBeNull()
  })

  it('overlaps() says whether a name could match both', () => {
    const rooms = new TopicPattern('rooms/:room')

    expect(rooms.overlaps(new TopicPattern('rooms/:id'))).toBe(true)
    expect(rooms.overlaps(new TopicPattern('rooms/lobby'))).toBe(true)
    expect(rooms.overlaps(new TopicPattern(':a/:b'))).toBe(true)
    expect(rooms.overlaps(new TopicPattern('halls/:hall'))).toBe(false)
    expect(rooms.overlaps(new TopicPattern('rooms'))).toBe(false)
  })

  it.each(['', '/a', ':', 'a/:b/:b', 'a/:1', ':__proto__'])('refuses the pattern %j', (text) => {
    expect(() => new TopicPattern(text)).toThrow(TypeError)
  })
  it.each([
    ['a/{b}', '"{b}" is invalid, expected ":b"'],
    ['{*b}/c', '"{*b}" is invalid, expected ":b"'],
    ['a/user-{id}', '"user-{id}" is invalid, expected ":id"'],
    ['a/{}', '"{}" is invalid, expected ":name"'],
    ['a/*', '"*" is invalid, expected a parameter, such as ":name"'],
    ['a/>', '">" is invalid, expected a parameter, such as ":name"'],
  ])('refuses the notation of other libraries: %j', (text, problem) => {
    expect(() => new TopicPattern(text)).toThrow(`Cannot use the pattern "${text}": ${problem}`)
  })

  it('takes other signs literally', () => {
    const pattern = new TopicPattern('user:42/a*b/{/:name')
    expect(pattern.match('user:42/a*b/{/*')).toEqual({ name: '*' })
  })
})
