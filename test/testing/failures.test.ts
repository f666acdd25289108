import { describe, expect, it } from 'vitest'
import { ClosedReceiveChannelError, ClosedSendChannelError } from '../../src/index.ts'
import { Failures, throwTogether } from '../../src/testing/failures.ts'
import { UpgradeRefusedError } from '../../src/testing/index.ts'

const one = new Error('one')
const two = new Error('two')
const refused = (status: number): UpgradeRefusedError => new UpgradeRefusedError(status, [], '')

describe('Failures', () => {
  it('collects what is logged as an error, once each, in order', () => {
    const failures = new Failures(null)

    failures.logger.error({ err: one }, 'failed')
    failures.logger.error({ err: two }, 'failed')

    expect(failures.take()).toEqual([one, two])
    expect(failures.take()).toEqual([])
  })

  it('does not count what is logged without an error, or below', () => {
    const failures = new Failures(null)

    failures.logger.error({ user: 7 }, 'strange')
    for (const level of ['warn', 'info', 'debug'] as const)
      failures.logger[level]({ err: one }, 'x')

    expect(failures.take()).toEqual([])
  })

  it('passes everything on to the logger that was given', () => {
    const lines: string[] = []
    const line = (level: string) => (facts: object, message: string) =>
      void lines.push(`${level} ${message} ${Object.keys(facts).join()}`)
    const failures = new Failures({
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
    })

    failures.logger.debug({ a: 1 }, 'A')
    failures.logger.info({ b: 1 }, 'B')
    failures.logger.warn({ c: 1 }, 'C')
    failures.logger.error({ err: one }, 'D')

    expect(lines).toEqual(['debug A a', 'info B b', 'warn C c', 'error D err'])
  })

  it('takeOne() takes that one, and one of two that are the same', () => {
    const failures = new Failures(null)
    for (const error of [one, two, one]) failures.add(error)

    failures.takeOne(one)
    failures.takeOne(new Error('another'))

    expect(failures.take()).toEqual([two, one])
  })
})

describe('throwTogether()', () => {
  it('throws nothing when nothing went wrong', () => {
    expect(() => throwTogether([], null)).not.toThrow()
  })

  it('throws one error as it is, whatever it is', () => {
    expect(() => throwTogether([one], null)).toThrow(one)
    expect(() => throwTogether([], { error: two })).toThrow(two)
    expect(thrownBy(() => throwTogether([], { error: 'a string' }))).toBe('a string')
  })

  it('throws several as an AggregateError, the failures of the application first', () => {
    const error = thrownBy(() => throwTogether([one], { error: two }))

    expect(error).toBeInstanceOf(AggregateError)
    expect(error).toMatchObject({
      errors: [one, two],
      message: 'Cannot pass the test: Error: one; Error: two',
    })
  })

  it('throws an error once that is both', () => {
    expect(() => throwTogether([one], { error: one })).toThrow(one)
  })

  it.each([new ClosedReceiveChannelError(), new ClosedSendChannelError('x'), refused(500)])(
    'leaves the test’s own %s out when a failure explains it',
    (echo) => {
      expect(() => throwTogether([one], { error: echo })).toThrow(one)
      expect(() => throwTogether([], { error: echo })).toThrow(echo)
    },
  )

  it('keeps a refusal that no failure explains', () => {
    const error = thrownBy(() => throwTogether([one], { error: refused(403) }))

    expect(error).toBeInstanceOf(AggregateError)
  })
})

function thrownBy(act: () => void): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return null
}
