import { expect, it } from 'vitest'
import { messagePack as ofServers } from '../../src/msgpack/message-pack.ts'
import { messagePack } from '../../src/msgpack/page-codec.ts'

it('a page writes what a server reads', () => {
  const value = { type: 'say', id: 1, data: ['a', null] }

  expect(ofServers().decode(messagePack().encode(value))).toEqual(value)
  expect(messagePack()).toMatchObject({ name: 'msgpack', frame: 'binary' })
})
