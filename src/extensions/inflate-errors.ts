/**
 * What a peer's compressed message can be refused for.
 */

import { FrameTooBigError, ProtocolViolationError } from '../protocol/internal.ts'

/** It is not deflated data (RFC 7692 §7.2.2). `cause` is what zlib says. */
export function notDeflated(cause?: unknown): ProtocolViolationError {
  return new ProtocolViolationError(
    1007,
    'Cannot decompress message: it is not deflated data',
    cause === undefined ? undefined : { cause },
  )
}

/** It ends inside a block. */
export function incomplete(): ProtocolViolationError {
  return new ProtocolViolationError(
    1007,
    'Cannot decompress message: it does not end with an empty stored block',
  )
}

/** More than `limit` bytes come out: `size` is where we stopped. */
export function tooBig(size: number, limit: number): FrameTooBigError {
  return new FrameTooBigError('message', size, limit)
}
