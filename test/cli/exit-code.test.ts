import { describe, expect, it } from 'vitest'
import { CommandEnd, ExitCode, failureOf, UsageError } from '../../src/cli/exit-code.ts'
import { ConnectError, UpgradeRefusedError } from '../../src/client/index.ts'
import { ListenError } from '../../src/engines/node/index.ts'

describe('failureOf()', () => {
  it.each([
    [new UsageError('Cannot run x'), ExitCode.USAGE, 'Cannot run x'],
    [new CommandEnd(ExitCode.TIMEOUT, 'late'), ExitCode.TIMEOUT, 'late'],
    [
      new ConnectError('tls', 'no'),
      ExitCode.NO_CONNECTION,
      'Cannot open WebSocket: no (step: tls)',
    ],
    [
      new UpgradeRefusedError(403, [], 'not\nyou'),
      ExitCode.REFUSED,
      'Cannot open WebSocket: the server refused the upgrade with status 403, expected 101: not\\nyou',
    ],
    [
      new ListenError(null, 80, { code: 'EACCES' }),
      ExitCode.NO_CONNECTION,
      expect.stringContaining('(step: listen)') as string,
    ],
    [new TypeError('Cannot open WebSocket: x'), ExitCode.USAGE, 'Cannot open WebSocket: x'],
  ])('gives each error its exit code and a sentence: %s', (error, exitCode, message) => {
    expect(failureOf(error)).toEqual({ exitCode, message })
  })

  it('does not explain faults of the command itself', () => {
    expect(failureOf(new TypeError('x is not a function'))).toBeNull()
    expect(failureOf('text')).toBeNull()
  })

  it('escapes what the server wrote', () => {
    const error = new UpgradeRefusedError(500, [], '\u001b]0;title\u0007')

    expect(failureOf(error)?.message).toContain('\\x1b]0;title\\x07')
  })
})
