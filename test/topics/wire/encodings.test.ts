import { describe, expect, it } from 'vitest'
import { Frame } from '../../../src/index.ts'
import { encodeEnvelope } from '../../../src/topics/kind/envelope.ts'
import type { FollowedTopic } from '../../../src/topics/node/followed-topic.ts'
import { TopicEvent } from '../../../src/topics/node/topic-event.ts'
import { encodingOf, WIRE_PROTOCOLS } from '../../../src/topics/wire/encodings.ts'
import { BINARY_PROTOCOL, JSON_PROTOCOL } from '../../../src/topics/wire/messages.ts'

const [json, binary] = [encodingOf(JSON_PROTOCOL), encodingOf(BINARY_PROTOCOL)]
// The encodings use nothing else of a topic.
const topic = { name: 'rooms/1', number: 5 } as FollowedTopic

function event(offset: number): TopicEvent {
  const data = new TextEncoder().encode('{"a":1}')
  const envelope = { at: 7, key: null, publisher: 'p', isBinary: false, data }
  return new TopicEvent(offset, true, encodeEnvelope(envelope))
}

describe('encodingOf()', () => {
  it('returns JSON for every name but that of the binary encoding', () => {
    expect(encodingOf(null)).toBe(json)
    expect(binary).not.toBe(json)
    expect(WIRE_PROTOCOLS).toEqual([BINARY_PROTOCOL, JSON_PROTOCOL])
  })

  it.each([json, binary])('encodes an event once for all clients', (encoding) => {
    const one = event(1)

    expect(encoding.encodeEvent(topic, one)).toBe(encoding.encodeEvent(topic, one))
  })

  it('does not parse the data of an event to write it', () => {
    expect(
      json.encodeHistory({
        id: 1,
        topic: 'a',
        epoch: 'e',
        head: 2,
        complete: true,
        events: [event(2)],
      }),
    ).toBe(
      '{"type":"history","id":1,"topic":"a","epoch":"e","head":2,"complete":true,' +
        '"events":[{"offset":2,"at":7,"publisher":"p","data":{"a":1}}]}',
    )
  })

  it('reads only frames of its own kind', () => {
    expect(json.read(new Frame.Binary(new Uint8Array([5, 0])))).toBeNull()
    expect(binary.read(new Frame.Text('{"type":"token"}'))).toBeNull()
    expect(json.read(new Frame.Text('{"type":"token"}'))).toEqual({ type: 'token', token: null })
    expect(binary.read(new Frame.Binary(new Uint8Array([5, 0])))).toEqual({
      type: 'token',
      token: null,
    })
  })
})
