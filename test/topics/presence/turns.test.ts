import { describe, expect, it } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import { settled } from '../../../src/testing/test-environment.ts'
import { Turns } from '../../../src/topics/presence/turns.ts'

describe('Turns', () => {
  it('tasks of one name follow one another, and those of another name do not wait', async () => {
    const turns = new Turns()
    const [first, begun] = [new Deferred<void>(), [] as string[]]
    const task = (name: string, ended?: Promise<void>) => (): Promise<void> => {
      begun.push(name)
      return ended ?? Promise.resolve()
    }

    const all = [
      turns.take('a', task('a1', first.promise)),
      turns.take('a', task('a2')),
      turns.take('b', task('b1')),
    ]
    await settled()
    expect(begun).toEqual(['a1', 'b1'])
    first.resolve()
    await Promise.all(all)

    expect(begun).toEqual(['a1', 'b1', 'a2'])
  })

  it('a task that rejects rejects its own call, and the next one runs', async () => {
    const turns = new Turns()
    const failed = turns.take('a', () => Promise.reject(new Error('no')))
    const next = turns.take('a', () => Promise.resolve('yes'))

    await expect(failed).rejects.toThrow('no')
    expect(await next).toBe('yes')
  })

  it('keeps nothing of a name whose tasks have settled', async () => {
    const turns = new Turns()
    const all = [turns.take('a', () => Promise.resolve()), turns.take('a', () => Promise.resolve())]
    expect(turns.size).toBe(1)
    await Promise.all(all)
    await settled()

    expect(turns.size).toBe(0)
  })
})
