import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { compiledOf, contractOf, defineContract } from '../../src/messages/contract.ts'

const SAY = { event: z.object({ text: z.string() }) }

/** Defines what the compiler would refuse. */
function define(shape: object): unknown {
  return defineContract(shape as { name: string })
}

describe('defineContract()', () => {
  it('M-01 gives one subprotocol for each codec, with the version if there is one', () => {
    expect(defineContract({ name: 'chat' }).protocols).toEqual(['chat+json'])
    expect(defineContract({ name: 'chat', version: 2 }).protocols).toEqual(['chat.2+json'])
    const both = defineContract({ name: 'chat', version: 0, codecs: ['msgpack', 'json'] })
    expect(both.protocols).toEqual(['chat.0+msgpack', 'chat.0+json'])
  })

  it.each([
    ['a name that is no token', { name: 'my chat' }, 'the name is no token'],
    ['no name', {}, 'the name is no token'],
    [
      'an entry whose name is no token',
      { name: 'c', client: { 'a b': SAY } },
      'client.a b is no token',
    ],
    [
      'a name that begins with "."',
      { name: 'c', server: { '.say': SAY } },
      'server..say begins with "."',
    ],
    [
      'an entry of two kinds',
      { name: 'c', client: { say: { ...SAY, request: null } } },
      'client.say is both an event and a request',
    ],
    ['an entry of no kind', { name: 'c', client: { say: {} } }, 'neither an event nor a request'],
    [
      'an event with a response',
      { name: 'c', client: { say: { ...SAY, response: null } } },
      'client.say is an event with an answer',
    ],
    [
      'what is not a schema',
      { name: 'c', client: { say: { event: {} } } },
      'client.say.event is not a schema',
    ],
    [
      'an error that is not a schema',
      { name: 'c', client: { ask: { request: null, errors: { NO: 1 } } } },
      'client.ask.errors.NO is not a schema',
    ],
    ['a version that is no whole number', { name: 'c', version: 1.5 }, 'version is 1.5'],
    ['an empty list of codecs', { name: 'c', codecs: [] }, 'codecs is empty'],
    ['a codec that is no token', { name: 'c', codecs: ['a+ b'] }, 'a codec is no token'],
  ])('M-01 throws at the call for %s', (_, shape, message) => {
    expect(() => define(shape)).toThrow(TypeError)
    expect(() => define(shape)).toThrow(
      `Cannot define a contract: ${message}`.replace(': neither', ': client.say is neither'),
    )
  })

  it('M-11 knows no entry by the name of a member of objects', () => {
    const compiled = compiledOf('test', defineContract({ name: 'c', client: { say: SAY } }))

    expect(compiled?.client.get('constructor')).toBeUndefined()
    expect(compiled?.client.get('__proto__')).toBeUndefined()
  })

  it('takes an entry by the name of a member of objects', () => {
    const contract = defineContract({ name: 'c', client: { constructor: SAY } })

    expect(compiledOf('test', contract)?.client.get('constructor')).toMatchObject({ kind: 'event' })
  })

  it('adds the failures of the contract to those of each request', () => {
    const contract = defineContract({
      name: 'c',
      errors: { ALL: null },
      client: { ask: { request: null, errors: { OWN: z.string() } } },
    })

    expect([...(compiledOf('test', contract)?.client.get('ask')?.errors.keys() ?? [])]).toEqual([
      'ALL',
      'OWN',
    ])
  })
})

describe('contractOf()', () => {
  it('has the subprotocol, and no entries', () => {
    const contract = contractOf('chat.2+json')

    expect(contract.protocols).toEqual(['chat.2+json'])
    expect(compiledOf('test', contract)).toBeNull()
  })

  it('throws TypeError for what is no token', () => {
    expect(() => contractOf('chat 2')).toThrow(TypeError)
  })
})

describe('compiledOf()', () => {
  it('throws TypeError for a contract that was made otherwise', () => {
    expect(() => compiledOf('test', { shape: { name: 'c' }, protocols: ['c'] })).toThrow(
      new TypeError(
        'Cannot test: the contract is unknown, expected one of defineContract() or contractOf()',
      ),
    )
  })
})
