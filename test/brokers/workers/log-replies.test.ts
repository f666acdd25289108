import { describe, expect, it } from 'vitest'
import type { LogFrame } from '../../../src/brokers/workers/log-frames.ts'
import {
  readAppended,
  readHeads,
  readLiveEvent,
  readPage,
} from '../../../src/brokers/workers/log-replies.ts'
import { bytes, text } from '../../suites/brokers/harness.ts'

const answer = (value: unknown, body = ''): LogFrame => ({ header: { value }, body: bytes(body) })
const STRANGE = 'Cannot read the answer of the log'

describe('readPage()', () => {
  const page = (fields: object, body = 'aabbb') => {
    const places = [
      [3, 2],
      [4, 3],
    ]
    return readPage(answer({ epoch: 'e', head: 4, complete: true, places, ...fields }, body), 2)
  }

  it('the body holds the events one after another', () => {
    const { events, ...facts } = page({})

    expect(facts).toEqual({ epoch: 'e', head: 4, complete: true })
    expect(events.map(({ offset, message }) => `${offset} ${text(message)}`)).toEqual([
      '3 aa',
      '4 bbb',
    ])
  })

  it.each([
    [{ epoch: 'e e' }],
    [{ head: -1 }],
    [{ complete: 'perhaps' }],
    [{ places: 7 }],
    [{ places: [[3]] }],
    [{ places: [3, 4] }],
    [{ places: [[2, 5]] }],
    [
      {
        places: [
          [4, 2],
          [3, 3],
        ],
      },
    ],
    [{ places: [[3, 2]] }],
    [{ places: [[3, 9]] }],
    [{ places: [[3, -5]] }],
  ])('T-34 a page with %j is an error', (fields) => {
    expect(() => page(fields)).toThrow(STRANGE)
  })
})

describe('readAppended()', () => {
  it('only a duplicate may have no offset', () => {
    const duplicate = { epoch: 'e', offset: null, duplicate: true }

    expect(readAppended(answer(duplicate))).toEqual(duplicate)
    const passed = { ...duplicate, duplicate: 'unknown' }
    expect(readAppended(answer(passed))).toEqual(passed)
    expect(() => readAppended(answer({ ...duplicate, duplicate: false }))).toThrow(STRANGE)
  })

  it.each([null, 7, {}, { epoch: 'e', offset: 1 }, { epoch: '', offset: 1, duplicate: false }])(
    'T-19 an answer of %j does not resolve the append',
    (value) => {
      expect(() => readAppended(answer(value))).toThrow(STRANGE)
    },
  )
})

describe('readHeads()', () => {
  it('there is one head for each topic', () => {
    const heads = [{ epoch: 'e', offset: 0 }]

    expect(readHeads(answer(heads), 1)).toEqual(heads)
    expect(() => readHeads(answer(heads), 2)).toThrow(STRANGE)
    expect(() => readHeads(answer(null), 0)).toThrow(STRANGE)
    expect(() => readHeads(answer([null]), 1)).toThrow(STRANGE)
  })
})

describe('readLiveEvent()', () => {
  it('T-34 a place that is not one of an event is dropped', () => {
    const event = (place: unknown) => readLiveEvent({ header: { place }, body: bytes('x') })

    expect(event({ epoch: 'e', offset: 2, previous: 1 })?.place.offset).toBe(2)
    expect(event({ epoch: 'e', offset: 2, previous: 2 })).toBeNull()
    expect(event({})).toBeNull()
  })
})
