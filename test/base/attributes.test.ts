import { describe, expect, it } from 'vitest'
import { AttributeKey, Attributes, MissingAttributeError } from '../../src/base/attributes.ts'

const User = new AttributeKey<{ name: string }>('User')
const Visits = new AttributeKey<number>('Visits')
const Note = new AttributeKey<string | undefined>('Note')

describe('Attributes', () => {
  it('get() gives what put() has set, typed by the key', () => {
    const attributes = new Attributes()
    attributes.put(User, { name: 'Ada' })
    attributes.put(Visits, 1)
    attributes.put(Visits, 2)

    expect(attributes.get(User).name.toUpperCase()).toBe('ADA')
    expect(attributes.get(Visits)).toBe(2)
  })

  it('put() takes only values of the type of the key', () => {
    const attributes = new Attributes()

    // @ts-expect-error a number is not a user
    attributes.put(User, 1)
    // @ts-expect-error a key of users is not one of numbers
    const key: AttributeKey<number> = User

    expect(key).toBe(User)
  })

  it('get() throws MissingAttributeError when nothing was put', () => {
    const attributes = new Attributes()

    const act = (): unknown => attributes.get(User)

    expect(act).toThrow(MissingAttributeError)
    expect(act).toThrow(expect.objectContaining({ code: 'TOWPATH_MISSING_ATTRIBUTE', key: User }))
    expect(act).toThrow(
      'Cannot get attribute "User": it is not set, expected attributes.put() before it',
    )
  })

  it('getOrNull() gives null when nothing was put', () => {
    const attributes = new Attributes()
    expect(attributes.getOrNull(Visits)).toBeNull()

    attributes.put(Visits, 0)
    expect(attributes.getOrNull(Visits)).toBe(0)
  })

  it('two keys of the same name are two keys', () => {
    const attributes = new Attributes()
    attributes.put(Visits, 1)

    expect(attributes.contains(new AttributeKey<number>('Visits'))).toBe(false)
    expect(attributes.contains(Visits)).toBe(true)
  })

  it('undefined is a value', () => {
    const attributes = new Attributes()
    attributes.put(Note, undefined)

    expect(attributes.contains(Note)).toBe(true)
    expect(attributes.get(Note)).toBeUndefined()
    expect(attributes.computeIfAbsent(Note, () => 'computed')).toBeUndefined()
  })

  it('remove() says whether there was a value', () => {
    const attributes = new Attributes()
    expect(attributes.remove(Visits)).toBe(false)
    attributes.put(Visits, 1)

    expect(attributes.remove(Visits)).toBe(true)
    expect(attributes.contains(Visits)).toBe(false)
  })

  it('computeIfAbsent() computes once', () => {
    const attributes = new Attributes()
    let calls = 0
    const compute = (): number => ++calls

    expect(attributes.computeIfAbsent(Visits, compute)).toBe(1)
    expect(attributes.computeIfAbsent(Visits, compute)).toBe(1)
    expect(calls).toBe(1)
  })

  it('keys lists what has a value, in the order of the first put', () => {
    const attributes = new Attributes()
    expect(attributes.keys).toEqual([])

    attributes.put(Visits, 1)
    attributes.put(User, { name: 'Ada' })
    attributes.put(Visits, 2)

    expect(attributes.keys).toEqual([Visits, User])
  })
})
