import { expect, it } from 'vitest'
import {
  BrokerUnavailableError,
  ExpectationFailedError,
  PresenceKeyTakenError,
  PublishRefusedError,
  PublishUncertainError,
  SubscriptionRefusedError,
  TopicKindConflictError,
  TopicNameError,
} from '../../src/topics/errors.ts'

it('every error of topics has its topic in a field', () => {
  const cause = new Error('cause')
  const errors = [
    new BrokerUnavailableError('publish to "a"', 'a', { cause }),
    new PublishUncertainError('a', { cause }),
    new PublishRefusedError('a', 'busy'),
    new ExpectationFailedError('a'),
    new SubscriptionRefusedError('a', 'forbidden'),
    new TopicNameError('a', 'it is empty'),
    new TopicKindConflictError('a', 'b'),
  ]

  expect(errors.map(({ topic }) => topic)).toEqual(['a', 'a', 'a', 'a', 'a', 'a', 'a'])
  for (const { message } of errors) expect(message).toMatch(/^Cannot /)
})

it('no error repeats a long name of a topic whole, and the field keeps it', () => {
  const long = `rooms/${'x'.repeat(100_000)}`
  const errors = [
    new PublishUncertainError(long),
    new PublishRefusedError(long, 'busy'),
    new ExpectationFailedError(long),
    new SubscriptionRefusedError(long, 'forbidden'),
    new PresenceKeyTakenError(long, long),
    new TopicKindConflictError(long, long),
  ]

  for (const { message, topic } of errors) {
    expect(message).toContain(`"rooms/${'x'.repeat(58)}…" (100006 characters)`)
    expect(message.length).toBeLessThan(400)
    expect(topic).toBe(long)
  }
})

it('PublishRefusedError says when another attempt may succeed', () => {
  expect(new PublishRefusedError('a', 'rate', { retryAfter: 250 }).retryAfter).toBe(250)
  expect(new PublishRefusedError('a', 'schema').retryAfter).toBeNull()
  expect(new PublishRefusedError('a', 'schema', { detail: 'no text' }).message).toBe(
    'Cannot publish to "a": no text',
  )
})
