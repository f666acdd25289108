import { describe, expect, it } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import type { NatsConnection } from '../../../src/brokers/nats/nats-connection.ts'
import { NatsWire } from '../../../src/brokers/nats/nats-wire.ts'
import { settled } from '../../../src/testing/test-environment.ts'
import { BrokerUnavailableError } from '../../../src/topics/index.ts'

/** A connection that takes messages when the test says so. */
function createLine(maxMessageBytes = 1000) {
  const published: string[] = []
  const flushes: Array<Deferred<void>> = []
  // What the wire uses of a connection.
  const connection = {
    maxMessageBytes,
    publish: (subject: string) => published.push(subject),
    flush() {
      const flush = new Deferred<void>()
      flushes.push(flush)
      return flush.promise
    },
  } as unknown as NatsConnection
  return { connection, published, flushes }
}

describe('NatsWire', () => {
  it('throws for a message above the limit of unsent bytes, and publishes later ones', async () => {
    const { connection, published, flushes } = createLine()
    const wire = new NatsWire(100)
    wire.send(connection, 'a', new Uint8Array(60))

    expect(() => wire.send(connection, 'b', new Uint8Array(60))).toThrow(BrokerUnavailableError)
    flushes[0]?.resolve()
    await settled()
    wire.send(connection, 'c', new Uint8Array(60))

    expect(published).toEqual(['a', 'c'])
  })

  it('one flush is under way at a time', () => {
    const { connection, flushes } = createLine()
    const wire = new NatsWire(100)

    for (let n = 0; n < 5; n++) wire.send(connection, 'a', new Uint8Array(10))

    expect(flushes).toHaveLength(1)
  })

  it('what an earlier connection has not taken does not count', async () => {
    const [first, second] = [createLine(), createLine()]
    const wire = new NatsWire(100)
    wire.send(first.connection, 'a', new Uint8Array(100))

    wire.send(second.connection, 'b', new Uint8Array(100))
    first.flushes[0]?.resolve()
    await settled()

    expect(second.published).toEqual(['b'])
    expect(() => wire.send(second.connection, 'c', new Uint8Array(1))).toThrow(
      BrokerUnavailableError,
    )
  })

  it('throws BrokerUnavailableError when the package has ended the connection', () => {
    const { connection } = createLine()
    connection.publish = () => {
      throw new Error('closed')
    }

    expect(() => new NatsWire(100).send(connection, 'a', new Uint8Array(1))).toThrow(
      BrokerUnavailableError,
    )
  })

  it('throws for a message that is larger than NATS takes', () => {
    const { connection, published } = createLine(10)

    expect(() => new NatsWire(100).send(connection, 'a', new Uint8Array(11))).toThrow(
      BrokerUnavailableError,
    )
    expect(published).toEqual([])
  })
})
