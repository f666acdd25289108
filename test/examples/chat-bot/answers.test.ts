/**
 * What the bot knows.
 */

import { describe, expect, it } from 'vitest'
import { createAnswers } from '../../../examples/chat-bot/answers.ts'

describe('createAnswers()', () => {
  let time = Date.UTC(2026, 0, 2, 3, 4, 5)
  const answer = createAnswers(() => time)
  time += 60_000

  it.each([
    ['!help', 'I answer !help, !time, !since'],
    ['!time', 'It is Fri, 02 Jan 2026 03:05:05 GMT'],
    [' !Since\n', 'I have been listening since Fri, 02 Jan 2026 03:04:05 GMT'],
  ])('createAnswers() answers %j', (text, expected) => {
    expect(answer(text)).toBe(expected)
  })

  it.each(['hello', '', '!', '!constructor', 'say !help', '!help me'])(
    'createAnswers() has no answer to %j',
    (text) => {
      expect(answer(text)).toBeNull()
    },
  )
})
