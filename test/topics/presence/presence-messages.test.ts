import { describe, expect, it } from 'vitest'
import {
  decodePresence,
  encodePresence,
  presenceChannelOf,
  type PresenceMessage,
  topicOfPresence,
} from '../../../src/topics/presence/presence-messages.ts'

const MESSAGES: PresenceMessage[] = [
  { type: 'hello', node: 'n' },
  { type: 'bye', node: 'n' },
  { type: 'ask', node: 'n', to: null, topics: ['a', 'ü'] },
  { type: 'delta', node: 'n', from: 1, to: 2, changes: [['a', { x: 1 }, 3], ['b']] },
  { type: 'beacon', node: 'n', version: 4 },
  { type: 'snapshot', node: 'n', version: 4, part: 0, isLast: true, members: [['a', null, 3]] },
]

describe('presence messages', () => {
  it.each(MESSAGES)('reads $type as it was written', (message) => {
    expect(decodePresence(encodePresence(message))).toEqual(message)
  })

  it.each([
    '',
    '[]',
    'null',
    '{"type":"hello"}',
    '{"type":"new","node":"n"}',
    '{"type":"ask","node":"n","to":null,"topics":[1]}',
    '{"type":"beacon","node":"n","version":-1}',
    '{"type":"delta","node":"n","from":1,"to":2,"changes":[["a",1]]}',
    '{"type":"snapshot","node":"n","version":1,"part":0,"isLast":true,"members":[["a"]]}',
  ])('T-57 ignores %s, which is no message', (text) => {
    expect(decodePresence(new TextEncoder().encode(text))).toBeNull()
  })

  it('T-57 names a channel for each topic, and for nothing else', () => {
    expect(topicOfPresence(presenceChannelOf('rooms/1'))).toBe('rooms/1')
    expect(topicOfPresence('e:rooms/1')).toBeNull()
  })
})
