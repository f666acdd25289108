/**
 * What of the protocol runs on every platform, browsers included: no file behind this door needs a module of Node.
 */

export { CloseReason } from './close-reason.ts'
export { CloseFrame } from './close-frame.ts'
export { BinaryFrame, TextFrame } from './data-frames.ts'
export { LocalProtocolError } from './errors.ts'
export { EMPTY_BYTES, encodeUtf8, isBytes } from './text.ts'
