import { describe, expect, it } from 'vitest'
import { Deferred, rejected } from '../../src/base/deferred.ts'
import { ScopeEndedError, TaskScope } from '../../src/base/task-scope.ts'

/** A task that ends only when it is aborted, with the reason. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}

describe('TaskScope', () => {
  it('launch() starts the task and gives what it returns', async () => {
    const scope = new TaskScope()

    const result = scope.launch(() => Promise.resolve('done'))

    expect(await result).toBe('done')
    expect(await scope.launch(() => 'at once')).toBe('at once')
  })

  it('launch() hands the scope’s signal to the task', async () => {
    const scope = new TaskScope()

    expect(await scope.launch((signal) => signal)).toBe(scope.signal)
  })

  it('join() waits for all tasks, those that a task launches too', async () => {
    const scope = new TaskScope()
    const log: string[] = []
    const gate = new Deferred<void>()
    void scope.launch(async () => {
      await gate.promise
      log.push('first')
      void scope.launch(async () => {
        await Promise.resolve()
        log.push('second')
      })
    })
    const joined = scope.join().then(() => log.push('joined'))

    gate.resolve()
    await joined

    expect(log).toEqual(['first', 'second', 'joined'])
  })

  it('join() of a scope without tasks resolves at once, again and again', async () => {
    const scope = new TaskScope()

    await scope.join()
    await expect(scope.join()).resolves.toBeUndefined()
  })

  it('the first failure is kept, aborts the scope and is reported once', async () => {
    const reported: unknown[] = []
    const scope = new TaskScope({ onFailure: (error) => reported.push(error) })
    const first = new Error('first')
    const aborted = scope.launch(untilAborted)
    const failing = scope.launch(() => rejected(first))
    const alsoFailing = scope.launch(async () => {
      await Promise.resolve()
      throw new Error('second')
    })

    await scope.join()

    expect(reported).toEqual([first])
    expect(scope.failure).toEqual({ error: first })
    expect(scope.signal.aborted).toBe(true)
    expect(scope.signal.reason).toBe(first)
    await expect(failing).rejects.toBe(first)
    await expect(aborted).rejects.toBe(first)
    await expect(alsoFailing).rejects.toThrow('second')
  })

  it('launch() may be ignored: a failure goes unhandled nowhere', async () => {
    const scope = new TaskScope()
    void scope.launch(() => {
      throw new Error('ignored')
    })

    await scope.join()

    expect(scope.failure).toMatchObject({ error: { message: 'ignored' } })
  })

  it('a failure of undefined is a failure', async () => {
    const reported: unknown[] = []
    const scope = new TaskScope({ onFailure: (error) => reported.push(error) })
    void scope.launch(() => rejected(undefined))

    await scope.join()

    expect(reported).toEqual([undefined])
    expect(scope.failure).toEqual({ error: undefined })
  })

  it('a task that ends with the reason of the abort has not failed', async () => {
    const reported: unknown[] = []
    const scope = new TaskScope({ onFailure: (error) => reported.push(error) })
    const reason = new Error('going away')
    const task = scope.launch(untilAborted)

    scope.abort(reason)
    await scope.join()

    await expect(task).rejects.toBe(reason)
    expect(reported).toEqual([])
    expect(scope.failure).toBeNull()
  })

  it('a task that ends with an AbortError caused by the reason, as Node makes it, has not failed', async () => {
    const scope = new TaskScope()
    const reason = new Error('going away')
    void scope.launch(async (signal) => {
      await untilAborted(signal).catch((cause: unknown) => {
        throw Object.assign(new Error('The operation was aborted', { cause }), {
          name: 'AbortError',
        })
      })
    })

    scope.abort(reason)
    await scope.join()

    expect(scope.failure).toBeNull()
  })

  it('a task that fails for another reason after the abort has failed', async () => {
    const reported: unknown[] = []
    const scope = new TaskScope({ onFailure: (error) => reported.push(error) })
    const failure = new Error('cleaning up failed')
    void scope.launch(async (signal) => {
      await untilAborted(signal).catch(() => {
        throw failure
      })
    })

    scope.abort()
    await scope.join()

    expect(reported).toEqual([failure])
  })

  it('isFailure decides what else is not a failure', async () => {
    const scope = new TaskScope({ isFailure: (error) => !(error instanceof RangeError) })
    void scope.launch(() => {
      throw new RangeError('expected')
    })
    await Promise.resolve()
    expect(scope.failure).toBeNull()

    void scope.launch(() => {
      throw new Error('unexpected')
    })
    await scope.join()
    expect(scope.failure).toMatchObject({ error: { message: 'unexpected' } })
  })

  it('abort() without a reason gives an AbortError; the first call counts', () => {
    const scope = new TaskScope()

    scope.abort()
    scope.abort(new Error('too late'))

    expect(scope.signal.aborted).toBe(true)
    expect(scope.signal.reason).toMatchObject({ name: 'AbortError' })
  })

  it('launch() throws ScopeEndedError after abort(), with the reason as its cause, and runs nothing', () => {
    const scope = new TaskScope()
    const reason = new Error('over')
    let hasRun = false
    scope.abort(reason)

    const act = (): unknown =>
      scope.launch(() => {
        hasRun = true
      })

    expect(act).toThrow(ScopeEndedError)
    expect(act).toThrow(expect.objectContaining({ code: 'TOWPATH_SCOPE_ENDED', cause: reason }))
    expect(hasRun).toBe(false)
  })

  it('launch() throws ScopeEndedError after join()', async () => {
    const scope = new TaskScope()
    await scope.join()

    expect(() => scope.launch(() => 1)).toThrow(ScopeEndedError)
  })

  it('launch() with a signal ends this task alone, which has not failed', async () => {
    const scope = new TaskScope()
    const own = new AbortController()
    const reason = new Error('enough')
    const aborted = (signal: AbortSignal): Promise<never> =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
    const one = scope.launch(aborted, { signal: own.signal })
    const other = scope.launch(aborted)

    own.abort(reason)
    await expect(one).rejects.toBe(reason)
    expect(scope.signal.aborted).toBe(false)
    expect(scope.failure).toBeNull()

    const end = new Error('over')
    scope.abort(end)
    await expect(other).rejects.toBe(end)
    await scope.join()
    expect(scope.failure).toBeNull()
  })

  it('launch() with a signal that has not aborted ends the task with the scope, too', async () => {
    const scope = new TaskScope()
    const own = new AbortController()
    const seen: unknown[] = []
    void scope.launch(
      (signal) =>
        new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            seen.push(signal.reason)
            resolve()
          })
        }),
      { signal: own.signal },
    )

    const end = new Error('over')
    scope.abort(end)
    await scope.join()
    own.abort(new Error('too late'))

    expect(seen).toEqual([end])
  })

  it('launch() with a signal that has aborted runs nothing, and is no failure', async () => {
    const scope = new TaskScope()
    const reason = new Error('before')
    let hasRun = false

    const task = scope.launch(() => void (hasRun = true), { signal: AbortSignal.abort(reason) })

    await expect(task).rejects.toBe(reason)
    expect(hasRun).toBe(false)
    expect(scope.failure).toBeNull()
  })

  it('launch() throws for a promise or nothing in place of a function, and the scope goes on', () => {
    const scope = new TaskScope()

    for (const task of [Promise.resolve(), undefined]) {
      // Each of them is a mistake that the types catch as well.
      expect(() => scope.launch(task as unknown as () => void)).toThrow(
        'Cannot launch a task: expected a function, such as () => work()',
      )
    }
    expect(scope.signal.aborted).toBe(false)
  })
})
