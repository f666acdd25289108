import { describe, expect, it } from 'vitest'
import { endOfSession } from '../../src/cli/session-end.ts'
import { CloseReason } from '../../src/protocol/index.ts'
import type { CloseInfo } from '../../src/session/index.ts'

/** A Close frame of the peer that was answered, with some facts changed. */
function ended(code: number, changed: Partial<CloseInfo> = {}): CloseInfo {
  const reason = new CloseReason(code)
  return {
    reason,
    initiator: 'remote',
    local: reason,
    remote: reason,
    clean: true,
    cause: null,
    ...changed,
  }
}

describe('endOfSession()', () => {
  it.each([
    ['1000', ended(1000)],
    ['no code', ended(1005)],
    ['4001 by this side', ended(4001, { initiator: 'local' })],
  ])('E-12 endOfSession() is 0 for a close with %s', (_, info) => {
    expect(endOfSession(info).exitCode).toBe(0)
  })

  it.each([
    ['a close with 1001', ended(1001)],
    ['a close with 4001', ended(4001)],
    ['a close without an answer', ended(1000, { clean: false })],
    ['a lost connection', ended(1006, { initiator: 'none', clean: false })],
    ['a failure of this side', ended(1002, { initiator: 'local', cause: new Error('invalid') })],
  ])('E-12 endOfSession() is 4 for %s', (_, info) => {
    expect(endOfSession(info).exitCode).toBe(4)
  })
})
