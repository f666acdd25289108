/**
 * The names of the protocol for every platform, browsers included: no file behind this door needs a
 * module of Node.
 */

export { CloseFrame } from './frames/close-frame.ts'
export { CloseReason } from './closing/close-reason.ts'
export { BinaryFrame, TextFrame, textPayloadOf } from './frames/data-frames.ts'
export { LocalProtocolError } from './errors.ts'
export { HEARTBEAT_LIMIT, heartbeatQuestion, isHeartbeatAnswer } from './heartbeat.ts'
export { PreparedFrame, preparedPayload } from './frames/prepared-frame.ts'
export { readReconnectHint } from './closing/reconnect-hint.ts'
export { encodeUtf8, isBytes, readUtf8 } from './text.ts'
