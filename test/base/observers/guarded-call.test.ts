import { describe, expect, it } from 'vitest'
import { callSafely, runOnce } from '../../../src/base/observers/guarded-call.ts'

const report = (error: unknown): never => {
  throw error
}

describe('callSafely()', () => {
  it('returns the other value and reports the error when the call throws', () => {
    const reported: unknown[] = []
    const failure = new Error('on purpose')

    expect(callSafely(() => 7, 0, report)).toBe(7)
    expect(
      callSafely(
        () => {
          throw failure
        },
        0,
        (error) => void reported.push(error),
      ),
    ).toBe(0)
    expect(reported).toEqual([failure])
  })
})

describe('runOnce()', () => {
  const ignored = (): void => {}

  it('calls the task once, whatever runs it throws', () => {
    let calls = 0
    const task = (): number => ++calls
    const before = (): never => {
      throw new Error('before')
    }
    const after = <T>(inner: () => T): T => {
      inner()
      throw new Error('after')
    }

    expect(runOnce(before, task, ignored)).toBe(1)
    expect(runOnce(after, task, ignored)).toBe(2)
    expect(calls).toBe(2)
  })

  it('calls the task once when a run forgets it, repeats it or loses what it returns', () => {
    let calls = 0
    const task = (): number => ++calls
    const forgets = (): undefined => undefined
    const repeats = (inner: () => number): undefined => {
      inner()
      inner()
    }

    expect(runOnce(forgets, task, report)).toBe(1)
    expect(runOnce(repeats, task, report)).toBe(2)
    expect(calls).toBe(2)
  })

  it('throws what the task throws when a run swallows it', () => {
    const task = (): never => {
      throw new Error('task')
    }
    const swallows = (inner: () => never): void => {
      try {
        inner()
      } catch {
        // On purpose.
      }
    }

    expect(() => runOnce(swallows, task, report)).toThrow('task')
  })

  it('throws what the task throws, and reports nothing of it', () => {
    const task = (): never => {
      throw new Error('task')
    }

    expect(() => runOnce((inner: () => never) => inner(), task, report)).toThrow('task')
  })
})
