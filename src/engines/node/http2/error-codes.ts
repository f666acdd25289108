/**
 * The error codes of HTTP/2 (RFC 9113 §7). They are written down here so that the module
 * `node:http2` is not loaded where HTTP/2 is off.
 */

/** The codes that Towpath sends or acts on, by their names in the RFC. */
export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  HTTP_1_1_REQUIRED: 13,
} as const

const NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]

/** The name of a code in the RFC, or its number. */
export function errorName(code: number): string {
  return NAMES[code] ?? String(code)
}

/**
 * What a stream is destroyed with after a fault on this side: RST_STREAM with INTERNAL_ERROR. To
 * close it with that code would send END_STREAM first, and `destroy` alone sends NO_ERROR. The peer
 * would take half an answer for a whole one.
 */
export function streamFailure(): Error {
  return new Error('Cannot answer: the server failed')
}

/** The error of a stream that the peer reset with `rstCode`. Its `code` is that of a TCP reset. */
export function streamReset(rstCode: number): Error {
  const name = errorName(rstCode)
  return Object.assign(
    new Error(`Cannot read: the peer reset the HTTP/2 stream with ${name}, expected its end`),
    { code: 'ECONNRESET', rstCode },
  )
}

/** The error of all streams whose connection ended under them. */
export function connectionLost(remote: string, cause: Error | null): Error {
  return Object.assign(
    new Error(`Cannot read: the HTTP/2 connection with ${remote} ended under its streams`, {
      cause: cause ?? undefined,
    }),
    { code: 'ECONNRESET' },
  )
}
