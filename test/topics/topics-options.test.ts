import { expect, it } from 'vitest'
import { readTopicsOptions } from '../../src/topics/topics-options.ts'

it('readTopicsOptions() has safe defaults', () => {
  expect(readTopicsOptions('test', {})).toMatchObject({
    namespace: 'towpath',
    secret: null,
    dedupeMs: 120_000,
    publishTimeoutMs: 10_000,
    lingerMs: 10_000,
    graceMs: 10_000,
    checkEveryMs: 25_000,
    whileDown: 'local',
    maxTopics: 128,
    maxSubscribesPerSecond: 50,
    maxEventBytes: 65_536,
    maxPublishesPerSecond: 20,
    maxMetaBytes: 1024,
  })
})

it.each([
  { broker: {} },
  { namespace: '' },
  { namespace: 'a b' },
  { namespace: 'x'.repeat(65) },
  { secret: 'too short' },
  { whileDown: 'wait' },
  { unknown: 1 },
])('readTopicsOptions() refuses %j', (options) => {
  // The types allow none of these.
  expect(() => readTopicsOptions('test', options as object)).toThrow(TypeError)
})
