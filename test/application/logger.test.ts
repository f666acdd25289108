import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest'

import {
  consoleLogger,
  logFailure,
  type Logger,
  requireLogger,
} from '../../src/application/logger.ts'

/** The call of pino's methods, as its types declare it (pino 9 and 10). */
interface PinoLogFn {
  <T, TMsg extends string = string>(
    obj: T,
    msg?: T extends string ? never : TMsg,
    ...args: unknown[]
  ): void
  (_: never, msg: string): never
  <TMsg extends string = string>(msg: TMsg, ...args: unknown[]): void
}

describe('Logger', () => {
  it('is satisfied by console and by pino', () => {
    expectTypeOf<Console>().toExtend<Logger>()
    expectTypeOf<{
      debug: PinoLogFn
      info: PinoLogFn
      warn: PinoLogFn
      error: PinoLogFn
      level: string
    }>().toExtend<Logger>()
  })
})

describe('consoleLogger', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('writes warnings and errors to the console, and nothing else', () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const error = vi.spyOn(console, 'error').mockReturnValue()
    const log = vi.spyOn(console, 'log').mockReturnValue()
    const failure = new Error('no')

    consoleLogger.debug({}, 'quiet')
    consoleLogger.info({}, 'quiet')
    consoleLogger.warn({ limit: 1 }, 'close to it')
    consoleLogger.error({ err: failure }, 'failed')

    expect(warn.mock.calls).toEqual([['towpath: close to it', { limit: 1 }]])
    expect(error.mock.calls).toEqual([['towpath: failed', { err: failure }]])
    expect(log).not.toHaveBeenCalled()
  })
})

describe('logFailure()', () => {
  it('gives the facts first, with the error as err', () => {
    const error = vi.fn<Logger['error']>()
    const failure = new Error('no')

    logFailure({ ...consoleLogger, error }, failure, 'Handler failed', { session: 's1' })

    expect(error.mock.calls).toEqual([[{ session: 's1', err: failure }, 'Handler failed']])
  })

  it('never throws, whatever the logger does', () => {
    const logger: Logger = {
      ...consoleLogger,
      error: () => {
        throw new Error('disk full')
      },
    }

    expect(() => logFailure(logger, new Error('no'), 'Handler failed')).not.toThrow()
  })

  it('takes the rejection of an async logger for itself', async () => {
    const unhandled = vi.fn<() => void>()
    process.on('unhandledRejection', unhandled)
    // oxlint-disable-next-line typescript/no-misused-promises -- what the application must survive
    const logger: Logger = { ...consoleLogger, error: () => Promise.reject(new Error('disk full')) }

    logFailure(logger, new Error('no'), 'Handler failed')
    await new Promise((resolve) => setImmediate(resolve))

    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })
})

describe('requireLogger()', () => {
  it('requireLogger() throws for a logger that would lose failures in silence', () => {
    const act = 'make the server'
    const half = { debug() {}, info() {}, warn() {} }

    expect(() => requireLogger(act, half)).toThrow(
      'Cannot make the server: option "logger" has no error(), expected debug, info, warn and error',
    )
    expect(() => requireLogger(act, null)).toThrow('option "logger" is null, expected an object')
    requireLogger(act, consoleLogger)
    requireLogger(act, console)
  })
})
