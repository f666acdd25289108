import { describe, expect, it } from 'vitest'
import { HostError, type LogConnection } from '../../../src/brokers/workers/log-connection.ts'
import { MAX_MESSAGE_BYTES } from '../../../src/brokers/workers/log-frames.ts'
import { WorkersLog } from '../../../src/brokers/workers/workers-log.ts'
import { ExpectationFailedError, PublishRefusedError } from '../../../src/topics/index.ts'
import { bytes, topicOf } from '../../suites/brokers/harness.ts'

const ROOM = topicOf('rooms/1')

/** A log whose host answers `value`, and records the requests. */
function createWorld(value: unknown) {
  const asked: unknown[] = []
  // What a log uses of a connection.
  const connection = {
    ask(request: object) {
      asked.push(request)
      if (value instanceof Error) return Promise.reject(value)
      return Promise.resolve({ header: { value }, body: bytes('') })
    },
  } as unknown as LogConnection
  const append = (message: Uint8Array) =>
    new WorkersLog().append(connection, {
      topic: ROOM,
      message,
      identity: { id: 'x' },
      expect: undefined,
    })
  return { append, asked, connection }
}

describe('WorkersLog', () => {
  it('T-24 a failed expectation is refused', async () => {
    const { append } = createWorld(new HostError('expectation'))

    await expect(append(bytes('x'))).rejects.toThrow(ExpectationFailedError)
  })

  it('T-19 another error of the host is passed on as it is', async () => {
    const error = new HostError('unavailable')

    await expect(createWorld(error).append(bytes('x'))).rejects.toBe(error)
  })

  it('a message that no frame can carry is refused, and the connection stays', async () => {
    const { append, asked } = createWorld({ epoch: 'e', offset: 1, duplicate: false })

    const refused = append(new Uint8Array(MAX_MESSAGE_BYTES + 1))

    await expect(refused).rejects.toThrow(PublishRefusedError)
    expect(asked).toEqual([])
    await expect(append(new Uint8Array(MAX_MESSAGE_BYTES))).resolves.toMatchObject({ offset: 1 })
  })

  it('a page is asked for with limits that a frame can hold', async () => {
    const page = { epoch: 'e', head: 0, complete: true, places: [] }
    const { connection, asked } = createWorld(page)

    await new WorkersLog().read(connection, ROOM, 0, { events: Infinity, bytes: Infinity })

    const limit = { events: Number.MAX_SAFE_INTEGER, bytes: MAX_MESSAGE_BYTES }
    expect(asked).toEqual([{ do: 'read', topic: ROOM, after: 0, limit }])
  })
})
