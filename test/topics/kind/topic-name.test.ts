import { describe, expect, it } from 'vitest'
import { TopicNameError } from '../../../src/topics/errors.ts'
import { checkTopicName, problemOf } from '../../../src/topics/kind/topic-name.ts'

describe('checkTopicName()', () => {
  it('returns a name of segments, up to 255 bytes of UTF-8', () => {
    for (const name of ['a', 'rooms/42', 'Räume/ß', 'x'.repeat(255), 'ä'.repeat(127), '..', '*']) {
      expect(checkTopicName(name)).toBe(name)
    }
  })

  it.each([
    ['', 'empty'],
    ['/a', 'segment'],
    ['a/', 'segment'],
    ['a//b', 'segment'],
    ['a\nb', 'control'],
    ['a\u0000', 'control'],
    ['\ud800', 'control'],
    ['\uffff', 'unassigned'],
    ['a\u0308', 'Normalization'],
    ['x'.repeat(256), 'longer'],
    ['ä'.repeat(128), 'longer'],
  ])('refuses %j', (name, problem) => {
    expect(() => checkTopicName(name)).toThrow(TopicNameError)
    expect(problemOf(name)).toContain(problem)
  })

  it('refuses what is no string', () => {
    expect(problemOf(42)).toContain('number')
  })
})
