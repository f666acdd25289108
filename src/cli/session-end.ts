/**
 * How a session ended: as an exit code, and as a sentence.
 */

import type { CloseInfo } from '../session/index.ts'
import { ExitCode } from './exit-code.ts'
import { printable } from './printable.ts'

/** How a conversation ended. */
export interface ConversationEnd {
  readonly exitCode: ExitCode
  /** A sentence to print. */
  readonly line: string
}

/** Who is at the other end. */
export type Peer = 'server' | 'client'

/** Returns how a session ended: agreed closes are this side's own, and 1000 from the peer. */
export function endOfSession(info: CloseInfo, peer: Peer = 'server'): ConversationEnd {
  const { reason, initiator, clean, cause } = info
  const isNormal = reason.code === 1000 || reason.code === 1005
  const isAgreed = clean && cause === null && (initiator === 'local' || isNormal)
  return {
    exitCode: isAgreed ? ExitCode.OK : ExitCode.CLOSED_OTHERWISE,
    line: closeText(info, peer),
  }
}

/** Returns how a session ended, as a sentence. */
export function closeText(info: CloseInfo | null, peer: Peer = 'server'): string {
  if (info === null) return 'closed'
  const { reason, initiator, cause } = info
  const who = { local: 'closed by this side', remote: `closed by the ${peer}`, none: 'lost' }
  const name = reason.knownReason === null ? '' : ` ${reason.knownReason}`
  const message = reason.message === '' ? '' : ` "${printable(reason.message)}"`
  const why = cause === null ? '' : ` (${printable(cause.message)})`
  return `${who[initiator]}: ${reason.code}${name}${message}${why}`
}
