import { describe, expect, it } from 'vitest'
import {
  decoded,
  fieldsOf,
  isJetStreamError,
  JetStreamCode,
  JetStreamError,
  messageIdIn,
  readAnswer,
  wholeOf,
} from '../../../src/brokers/nats/jetstream-answers.ts'

const answer = (value: unknown) => ({ json: <T>() => value as T })
const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('readAnswer()', () => {
  it('returns the fields of an answer', () => {
    expect(readAnswer(answer({ seq: 1 }))).toEqual({ seq: 1 })
  })

  it('throws JetStreamError with the number of a refusal', () => {
    const error = { err_code: 10059, description: 'stream not found' }

    expect(() => readAnswer(answer({ error }))).toThrow(
      new JetStreamError(10059, 'stream not found'),
    )
  })

  it.each([null, 'x', 7, { error: null }, { error: 'x' }])('throws for %j', (value) => {
    expect(() => readAnswer(answer(value))).toThrow('Cannot read the answer of JetStream')
  })
})

describe('isJetStreamError()', () => {
  it('compares the number, and no error of another kind', () => {
    const { StreamNotFound } = JetStreamCode

    expect(isJetStreamError(new JetStreamError(10059, ''), StreamNotFound)).toBe(true)
    expect(isJetStreamError(new JetStreamError(10037, ''), StreamNotFound)).toBe(false)
    expect(isJetStreamError({ number: 10059 }, StreamNotFound)).toBe(false)
  })
})

describe('messageIdIn()', () => {
  it('finds the id among the headers of a stored message', () => {
    const hdrs = base64('NATS/1.0\r\nOther: 1\r\nNats-Msg-Id: abc\r\n\r\n')

    expect(messageIdIn({ hdrs })).toBe('abc')
  })

  it.each([{}, { hdrs: 7 }, { hdrs: '!' }, { hdrs: base64('NATS/1.0\r\n\r\n') }])(
    'is empty for %j',
    (message) => {
      expect(messageIdIn(message)).toBe('')
    },
  )
})

describe('decoded()', () => {
  it('reads base64, and nothing from a field of another type', () => {
    expect(decoded(base64('text')).toString()).toBe('text')
    expect(decoded(undefined)).toHaveLength(0)
  })
})

describe('fieldsOf() and wholeOf()', () => {
  it.each([null, undefined, 'x', 7])('fieldsOf() throws for %j', (value) => {
    expect(() => fieldsOf(value)).toThrow('it is not an object')
  })

  it.each([-1, 1.5, NaN, 2 ** 53, '', '-1', '1e3', 'x', null, undefined, {}])(
    'wholeOf() throws for %s',
    (value) => {
      expect(() => wholeOf(value)).toThrow('a number is missing')
    },
  )
})
