import { expect, it } from 'vitest'
import { cbor as ofServers } from '../../src/cbor/cbor.ts'
import { cbor } from '../../src/cbor/page-codec.ts'

it('a page writes what a server reads', () => {
  const value = { type: 'say', id: 1, data: ['a', null] }

  expect(ofServers().decode(cbor().encode(value))).toEqual(value)
  expect(cbor()).toMatchObject({ name: 'cbor', frame: 'binary' })
})
