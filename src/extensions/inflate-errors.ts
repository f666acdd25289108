/** The violations of invalid compressed messages. */

import { FrameTooBigError, ProtocolViolationError } from '../protocol/internal.ts'

/** The data is not valid deflate data (RFC 7692 §7.2.2). `cause` is zlib's error. */
export function notDeflated(cause?: unknown): ProtocolViolationError {
  return new ProtocolViolationError(
    1007,
    'Cannot decompress message: the data is not valid DEFLATE',
    cause === undefined ? undefined : { cause },
  )
}

/** The data ends inside a block. */
export function incomplete(): ProtocolViolationError {
  return new ProtocolViolationError(
    1007,
    'Cannot decompress message: it does not end with an empty stored block',
  )
}

/** The output exceeds `limit` bytes: inflating stopped at `size`. */
export function tooBig(size: number, limit: number): FrameTooBigError {
  return new FrameTooBigError('message', size, limit)
}
