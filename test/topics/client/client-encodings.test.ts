import { describe, expect, it } from 'vitest'
import { Frame } from '../../../src/index.ts'
import { createClientEncoding } from '../../../src/topics/client/client-encodings.ts'
import { SERVER_LAYOUTS } from '../../../src/topics/wire/binary-layouts.ts'
import { encodeBinary } from '../../../src/topics/wire/binary-messages.ts'
import { BINARY_PROTOCOL, JSON_PROTOCOL } from '../../../src/topics/wire/messages.ts'

const binary = (message: Record<string, unknown>): Frame =>
  new Frame.Binary(encodeBinary(SERVER_LAYOUTS, message) ?? new Uint8Array(0))
const event = new Frame.Binary(new Uint8Array([3, 7, 2, 0, 1, 0x31]))
const subscribed = {
  type: 'subscribed',
  id: 1,
  topic: 'a',
  number: 7,
  epoch: 'e',
  offset: 0,
  resumed: false,
}

describe('createClientEncoding()', () => {
  it('writes bytes as base64 in JSON', () => {
    const encoding = createClientEncoding(JSON_PROTOCOL)

    expect(encoding.encode({ type: 'publish', bytes: new Uint8Array([1, 2]) })).toBe(
      '{"type":"publish","bytes":"AQI="}',
    )
  })

  it('writes a Buffer as bytes, and bytes in the data as any JSON', () => {
    const encoding = createClientEncoding(JSON_PROTOCOL)

    expect(encoding.encode({ bytes: Buffer.from([1, 2]) })).toBe('{"bytes":"AQI="}')
    expect(encoding.encode({ data: [new Uint8Array([1])] })).toBe('{"data":[{"0":1}]}')
  })

  it('names the topic of a binary event by the number that subscribed told', () => {
    const encoding = createClientEncoding(BINARY_PROTOCOL)

    expect(encoding.read(event)).toBeNull()
    encoding.read(binary(subscribed))
    expect(encoding.read(event)).toMatchObject({ type: 'event', topic: 'a', offset: 1, data: 1 })
  })

  it('knows no numbers of another connection: they are of another process', () => {
    createClientEncoding(BINARY_PROTOCOL).read(binary(subscribed))

    expect(createClientEncoding(BINARY_PROTOCOL).read(event)).toBeNull()
  })

  it('ignores what is no message', () => {
    const [json, bytes] = [createClientEncoding(null), createClientEncoding(BINARY_PROTOCOL)]

    expect(json.read(new Frame.Text('{'))).toBeNull()
    expect(json.read(new Frame.Text('null'))).toBeNull()
    expect(json.read(new Frame.Text('7'))).toBeNull()
    expect(json.read(event)).toBeNull()
    expect(bytes.read(new Frame.Text('{}'))).toBeNull()
    expect(bytes.read(new Frame.Binary(new Uint8Array([200])))).toBeNull()
    expect(bytes.read(new Frame.Binary(new Uint8Array([2])))).toBeNull()
  })
})
