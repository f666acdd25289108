import { describe, expect, it } from 'vitest'
import { ExtensionConflictError } from '../../src/extensions/errors.ts'
import type { Extension, ExtensionSession } from '../../src/extensions/extension.ts'
import {
  acceptOffers,
  agreeAnswers,
  answerHeader,
  offersOf,
  readExtensions,
} from '../../src/extensions/extension-list.ts'
import { parseExtensions } from '../../src/protocol/internal.ts'

const NOTHING: ExtensionSession = { outgoing: () => {}, incoming: () => {}, dispose: () => {} }

/** Agrees with each offer that says `ok`, and answers `ok`. */
function extension(name: string, reservedBits: number): Extension {
  return {
    name,
    reservedBits,
    accept: (offers) => {
      const parameters = offers.find((offer) => offer.some(([word]) => word === 'ok'))
      return parameters === undefined ? null : { parameters, open: () => NOTHING }
    },
    offer: () => [[['ok', null]], [['ok', '2']]],
    agree: (parameters) =>
      parameters.some(([word]) => word === 'ok') ? { parameters, open: () => NOTHING } : null,
  }
}

const a = extension('a', 4)
const b = extension('b', 2)

describe('readExtensions()', () => {
  it('keeps the order, and copies the list', () => {
    const list = [b, a]
    const read = readExtensions('install WebSockets', list, [])
    list.pop()

    expect(read).toEqual([b, a])
  })

  it('answers the fallback when nothing is said', () => {
    expect(readExtensions('install WebSockets', undefined, [a])).toEqual([a])
  })

  it('refuses two extensions that claim one reserved bit', () => {
    const install = (): unknown => readExtensions('install WebSockets', [a, extension('c', 6)], [])

    expect(install).toThrow(ExtensionConflictError)
    expect(install).toThrow(
      'Cannot install WebSockets: extensions "a" and "c" both claim RSV1, expected one',
    )
  })

  for (const [bit, name] of [
    [4, 'RSV1'],
    [2, 'RSV2'],
    [1, 'RSV3'],
  ] as const) {
    it(`names ${name} in the error`, () => {
      let error: unknown
      try {
        readExtensions('test', [extension('a', bit), extension('b', bit)], [])
      } catch (thrown) {
        error = thrown
      }
      expect(error).toMatchObject({
        code: 'TOWPATH_EXTENSION_CONFLICT',
        extensions: ['a', 'b'],
        claim: name,
      })
    })
  }

  it('refuses two extensions of one name', () => {
    expect(() => readExtensions('test', [a, extension('a', 2)], [])).toThrow('both claim the name')
  })

  it('lets extensions be together that claim nothing', () => {
    expect(readExtensions('test', [extension('a', 0), extension('b', 0)], [])).toHaveLength(2)
  })

  for (const [what, value] of [
    ['no list', a],
    ['a name', ['permessage-deflate']],
    ['a function that was not called', [() => a]],
    ['null', [null]],
    ['a name that is no token', [extension('a b', 0)]],
    ['bits that there are not', [extension('a', 8)]],
    ['an extension that cannot offer', [{ ...a, offer: undefined }]],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => readExtensions('test', value as never, [])).toThrow(TypeError)
    })
  }
})

describe('acceptOffers()', () => {
  it('takes what extensions accept, in the order of installation', () => {
    const offers = parseExtensions('b; no, b; ok=1, c; ok, a; ok, b; ok=2') ?? []
    const agreed = acceptOffers([a, b], offers)

    expect(agreed.map(({ name, reservedBits }) => [name, reservedBits])).toEqual([
      ['a', 4],
      ['b', 2],
    ])
    expect(answerHeader(agreed)).toBe('a; ok, b; ok=1')
  })

  it('returns the same list for the same agreement, which sessions share', () => {
    const agreement = { parameters: [], open: () => NOTHING }
    const fixed = { ...a, accept: () => agreement }
    const other = { ...a, name: 'c', reservedBits: 1, accept: () => agreement }
    const offers = parseExtensions('a; ok, c') ?? []
    const list = acceptOffers([fixed], offers)

    expect(acceptOffers([fixed], offers)).toBe(list)
    expect(acceptOffers([other], offers)).toEqual([{ name: 'c', reservedBits: 1, agreement }])
    expect(acceptOffers([fixed, other], offers).map(({ name }) => name)).toEqual(['a', 'c'])
    expect(list).toEqual([{ name: 'a', reservedBits: 4, agreement }])
  })

  it('is empty when nothing is offered, installed or accepted', () => {
    expect(acceptOffers([a], [])).toEqual([])
    expect(acceptOffers([], parseExtensions('a; ok') ?? [])).toEqual([])
    expect(acceptOffers([a], parseExtensions('a; no') ?? [])).toEqual([])
    expect(answerHeader([])).toBeNull()
  })
})

describe('offersOf()', () => {
  it('names each extension once for each of its offers', () => {
    expect(offersOf([b, a]).map(({ name }) => name)).toEqual(['b', 'b', 'a', 'a'])
  })
})

describe('agreeAnswers()', () => {
  it('agrees in the order of installation', () => {
    const agreed = agreeAnswers([a, b], parseExtensions('b; ok, a; ok') ?? [])

    expect(agreed?.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  it('is null when one answer is not right', () => {
    expect(agreeAnswers([a, b], parseExtensions('b; ok, a; no') ?? [])).toBeNull()
  })

  it('is empty when the server declined everything', () => {
    expect(agreeAnswers([a, b], [])).toEqual([])
  })
})
