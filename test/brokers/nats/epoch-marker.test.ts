import { describe, expect, it } from 'vitest'
import { EpochMarker, type MarkedEpoch } from '../../../src/brokers/nats/epoch-marker.ts'
import { JetStreamError } from '../../../src/brokers/nats/jetstream-answers.ts'
import type { NatsConnection } from '../../../src/brokers/nats/nats-connection.ts'
import { NatsNames } from '../../../src/brokers/nats/nats-names.ts'

/** JetStream with one marker, `text` under `sequence`. `faster` replaces it first, once. */
function createWorld(text: string | null, faster: string | null = null) {
  const names = new NatsNames('test')
  const stored = { text, sequence: text === null ? 0 : 4 }
  const asked: string[] = []
  let other = faster
  // What a marker uses of a connection.
  const connection = {
    isClustered: false,
    ask(operation: string) {
      asked.push(operation)
      if (operation.startsWith('STREAM.MSG.GET')) {
        const data = Buffer.from(stored.text ?? '').toString('base64')
        return Promise.resolve({ message: { seq: stored.sequence, data } })
      }
      if (operation.startsWith('STREAM.CREATE')) stored.sequence = 0
      else if (stored.text === null && !asked.some((each) => each.startsWith('STREAM.CREATE'))) {
        return Promise.reject(new JetStreamError(10059, 'stream not found'))
      }
      const state = { last_seq: stored.sequence, messages: stored.text === null ? 0 : 1 }
      return Promise.resolve({ config: { num_replicas: 1 }, state })
    },
    requestOfNew(_subject: string, message: Uint8Array, headers: Record<string, string>) {
      if (other !== null) {
        Object.assign(stored, { text: other, sequence: stored.sequence + 1 })
        other = null
      }
      const expected = Number(headers['Nats-Expected-Last-Subject-Sequence'])
      const error = { err_code: 10071, description: 'wrong last sequence' }
      if (expected !== stored.sequence) return Promise.resolve({ json: () => ({ error }) })
      const text = Buffer.from(message).toString()
      Object.assign(stored, { text, sequence: stored.sequence + 1 })
      return Promise.resolve({ json: () => ({ seq: stored.sequence }) })
    },
  } as unknown as NatsConnection
  const marker = new EpochMarker(names, names.kind('rooms').marker, null)
  const settle = (isValid: (marker: MarkedEpoch) => boolean) =>
    marker.settle(connection, isValid, () => ({ epoch: 'own', stream: 's', server: 'S' }))
  return { marker, connection, stored, asked, settle }
}

const textOf = (epoch: string) => JSON.stringify({ epoch, stream: 's', server: 'S' })

describe('EpochMarker', () => {
  it('T-33 a valid marker names the epoch, and is not replaced', async () => {
    const { marker, connection, stored, settle } = createWorld(textOf('e1'))

    expect(await settle(({ stream, server }) => stream === 's' && server === 'S')).toBe('e1')
    expect(await marker.epoch(connection)).toBe('e1')
    expect(stored.sequence).toBe(4)
  })

  it('T-33 an invalid marker is replaced', async () => {
    const { stored, settle } = createWorld(textOf('e1'))

    expect(await settle(({ epoch }) => epoch !== 'e1')).toBe('own')
    expect(stored).toEqual({ text: textOf('own'), sequence: 5 })
  })

  it('T-33 of nodes that replace a marker at the same time, one wins and all agree', async () => {
    const { settle } = createWorld(textOf('e1'), textOf('e2'))

    expect(await settle(({ epoch }) => epoch === 'e2')).toBe('e2')
  })

  it.each(['{}', '7', 'no JSON', '{"epoch":"é"}'])(
    'T-34 the marker %s of another program is replaced',
    async (text) => {
      expect(await createWorld(text).settle(() => true)).toBe('own')
    },
  )

  it('the stream of markers is created when it is missing', async () => {
    const { asked, settle } = createWorld(null)

    expect(await settle(() => true)).toBe('own')
    expect(asked).toContain('STREAM.CREATE.towpath=test')
  })

  it('a marker that never becomes valid is given up', async () => {
    const { connection, settle } = createWorld(textOf('e1'))
    const wrong = { err_code: 10071, description: 'wrong last sequence' }
    connection.requestOfNew = () =>
      Promise.resolve({ json: () => ({ error: wrong }) } as unknown as Awaited<
        ReturnType<NatsConnection['requestOfNew']>
      >)

    await expect(settle(() => false)).rejects.toThrow('the marker changes too often')
  })
})
