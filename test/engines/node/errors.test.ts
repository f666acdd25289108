import { describe, expect, it } from 'vitest'

import { TowpathError } from '../../../src/base/index.ts'
import {
  ListenError,
  ServerStoppedError,
  WorkerStartError,
} from '../../../src/engines/node/errors.ts'

function systemError(code: string): Error {
  return Object.assign(new Error('bind'), { code })
}

describe('ListenError', () => {
  for (const [code, explanation] of [
    ['EADDRINUSE', 'it is in use, expected a free port (0 chooses one)'],
    ['EACCES', 'permission denied, expected a port of 1024 or above'],
    ['EADDRNOTAVAIL', 'this machine has no such address'],
    ['ENOTFOUND', 'the host name was not found'],
    ['EMFILE', 'the operating system refused (EMFILE)'],
  ] as const) {
    it(`explains ${code}`, () => {
      const error = new ListenError('127.0.0.1', 80, systemError(code))

      expect(error.message).toBe(`Cannot listen on port 80 of 127.0.0.1: ${explanation}`)
      expect(error.cause).toMatchObject({ code })
      expect(error).toBeInstanceOf(TowpathError)
    })
  }

  it('names no address when none was asked for', () => {
    const error = new ListenError(null, 80, systemError('EADDRINUSE'))

    expect(error.message).toMatch(/^Cannot listen on port 80: /)
    expect(error.host).toBeNull()
  })
})

describe('ServerStoppedError', () => {
  it('has a code', () => {
    expect(new ServerStoppedError().code).toBe('TOWPATH_SERVER_STOPPED')
  })
})

describe('WorkerStartError', () => {
  it('says with which code, by which signal, or that there never was a process', () => {
    const cause = systemError('EAGAIN')
    const ended = new WorkerStartError({ exitCode: 1, signal: null })
    const killed = new WorkerStartError({ exitCode: null, signal: 'SIGKILL' })
    const missing = new WorkerStartError({ exitCode: null, signal: null, cause })

    const remedy = 'before it listened, expected the program to call start() in workers too'
    expect(ended.message).toBe(`Cannot start the workers: a worker ended with code 1 ${remedy}`)
    expect(killed.message).toBe(`Cannot start the workers: a worker ended with SIGKILL ${remedy}`)
    expect(missing.message).toBe(
      'Cannot start the workers: the operating system could not start a process',
    )
    expect(missing.cause).toBe(cause)
    expect(ended).toMatchObject({ code: 'TOWPATH_WORKER_START', exitCode: 1, signal: null })
    expect(killed).toMatchObject({ exitCode: null, signal: 'SIGKILL' })
  })
})
