import { describe, expect, it } from 'vitest'

import type { ApplicationCall } from '../../../src/application/application.ts'
import {
  chooseSubprotocol,
  readSubprotocols,
} from '../../../src/application/upgrades/subprotocol.ts'

const ACT = 'declare webSocket route "/"'
// Nothing here looks into the call.
const CALL = {} as ApplicationCall

describe('chooseSubprotocol()', () => {
  it('takes the first of ours that was offered, whatever the client prefers', async () => {
    expect(await chooseSubprotocol(['v2', 'v1'], ['v1', 'v2'], CALL)).toBe('v2')
    expect(await chooseSubprotocol(['v3', 'v1'], ['v1', 'v2'], CALL)).toBe('v1')
  })

  it('takes none without an overlap, and compares with the case', async () => {
    expect(await chooseSubprotocol(['v2'], ['v1'], CALL)).toBe(null)
    expect(await chooseSubprotocol(['v1'], ['V1'], CALL)).toBe(null)
    expect(await chooseSubprotocol([], ['v1'], CALL)).toBe(null)
  })

  it('lets a function choose, at once or later', async () => {
    expect(await chooseSubprotocol((offered) => offered[1] ?? null, ['a', 'b'], CALL)).toBe('b')
    expect(await chooseSubprotocol(() => Promise.resolve('a'), ['a', 'b'], CALL)).toBe('a')
    expect(await chooseSubprotocol(() => null, ['a'], CALL)).toBe(null)
  })

  it('asks nobody when nothing was offered', async () => {
    const choose = (): never => {
      throw new Error('asked')
    }

    expect(await chooseSubprotocol(choose, [], CALL)).toBe(null)
  })

  it('refuses a choice that was not offered: the client would fail the connection', async () => {
    const error = new TypeError(
      'Cannot choose a subprotocol: the chosen name was not offered, expected an offered name or null',
    )

    expect(() => chooseSubprotocol(() => 'c', ['a', 'b'], CALL)).toThrow(error)
    await expect(chooseSubprotocol(() => Promise.resolve('c'), ['a', 'b'], CALL)).rejects.toThrow(
      error,
    )
  })

  it('gives a promise only if it was given one', () => {
    expect(chooseSubprotocol(['a'], ['a'], CALL)).toBe('a')
    expect(chooseSubprotocol(() => 'a', ['a'], CALL)).toBe('a')
    expect(chooseSubprotocol(() => Promise.resolve('a'), ['a'], CALL)).toBeInstanceOf(Promise)
  })
})

describe('readSubprotocols()', () => {
  it('answers the list, the function, or the fallback', () => {
    const choose = (): null => null

    expect(readSubprotocols(ACT, ['graphql-transport-ws', 'v1.soap'], [])).toEqual([
      'graphql-transport-ws',
      'v1.soap',
    ])
    expect(readSubprotocols(ACT, choose, [])).toBe(choose)
    expect(readSubprotocols(ACT, undefined, ['outer'])).toEqual(['outer'])
  })

  it.each(['', 'two words', 'a,b', 'a/b', 'é', '"a"'])('refuses the name %j', (name) => {
    expect(() => readSubprotocols(ACT, [name], [])).toThrow(
      `Cannot declare webSocket route "/": option "protocols" has "${name}", expected a token`,
    )
  })

  it('refuses a name twice, and what is no list', () => {
    expect(() => readSubprotocols(ACT, ['a', 'a'], [])).toThrow(
      'has a duplicate name, expected distinct names',
    )
    // @ts-expect-error -- what JavaScript may do
    expect(() => readSubprotocols(ACT, 'a', [])).toThrow(
      'option "protocols" is a string, expected a list of names or a function',
    )
    // @ts-expect-error -- what JavaScript may do
    expect(() => readSubprotocols(ACT, [1], [])).toThrow(
      'option "protocols" has 1, expected a token',
    )
  })
})
