import { describe, expect, it } from 'vitest'

import {
  HEARTBEAT_LIMIT,
  heartbeatAnswer,
  heartbeatQuestion,
  isHeartbeatAnswer,
} from '../../src/protocol/heartbeat.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : new TextDecoder().decode(bytes)

describe('heartbeatQuestion()', () => {
  it('is the reserved prefix and a number', () => {
    expect(heartbeatQuestion(17)).toBe('\0towpath:ping:17')
  })
})

describe('heartbeatAnswer()', () => {
  it('answers with the same number', () => {
    expect(decode(heartbeatAnswer(encode('\0towpath:ping:17')))).toBe('\0towpath:pong:17')
    expect(decode(heartbeatAnswer(encode(heartbeatQuestion(HEARTBEAT_LIMIT - 1))))).toBe(
      '\0towpath:pong:999999999',
    )
  })

  it('leaves the question as it is', () => {
    const question = encode('\0towpath:ping:1')

    heartbeatAnswer(question)

    expect(decode(question)).toBe('\0towpath:ping:1')
  })

  it.each([
    '',
    '\0',
    'towpath:ping:1',
    '\0towpath:ping:',
    '\0towpath:ping:1234567890',
    '\0towpath:ping:x',
    '\0towpath:ping:1 ',
    '\0towpath:ping:-1',
    '\0towpath:ping:１',
    '\0towpath:pong:1',
    '\0towpath:pang:1',
    '\0\0owpath:ping:1',
    ' \0towpath:ping:1',
  ])('leaves %j to the application', (text) => {
    expect(heartbeatAnswer(encode(text))).toBeNull()
  })
})

describe('isHeartbeatAnswer()', () => {
  it('knows an answer, as a string and as bytes', () => {
    expect(isHeartbeatAnswer('\0towpath:pong:17')).toBe(true)
    expect(isHeartbeatAnswer(encode('\0towpath:pong:17'))).toBe(true)
  })

  it.each([
    '',
    '\0',
    '\0towpath:ping:1',
    'towpath:pong:1',
    '\0towpath:pong:',
    '\0towpath:pong:1.5',
  ])('leaves %j to the application', (text) => {
    expect(isHeartbeatAnswer(text)).toBe(false)
    expect(isHeartbeatAnswer(encode(text))).toBe(false)
  })
})
