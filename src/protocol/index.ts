/** `towpath/protocol`: RFC 6455 without I/O. */

export { acceptKey } from './accept-key.ts'
export { checkServerResponse, createClientHandshake } from './client-handshake.ts'
export type {
  ClientHandshake,
  ClientHandshakeOptions,
  HandshakeAgreement,
  HandshakeResponse,
} from './client-handshake.ts'
export { CloseFrame } from './close-frame.ts'
export { CloseReason } from './close-reason.ts'
export type { CloseCodeName } from './close-reason.ts'
export { PingFrame, PongFrame } from './control-frames.ts'
export { BinaryFrame, TextFrame } from './data-frames.ts'
export type { DataFrameOptions } from './data-frames.ts'
export {
  FrameTooBigError,
  HandshakeError,
  LocalProtocolError,
  ProtocolViolation,
  ProtocolViolationError,
  TooManyFragmentsError,
} from './errors.ts'
export type { HeaderList } from './errors.ts'
export { Frame } from './frame.ts'
export { FrameDecoder } from './frame-decoder.ts'
export type { FrameDecoderOptions, Role } from './frame-decoder.ts'
export { encodeClose, encodedSizeBound, encodeFrame, payloadSize } from './frame-encoder.ts'
export type { FrameSink } from './frame-sink.ts'
export { FrameType } from './frame-type.ts'
export { HttpHeaders } from './headers.ts'
export type { ExtensionOffer } from './headers.ts'
export { PreparedFrame } from './prepared-frame.ts'
export type { Preparable } from './prepare-frame.ts'
export { readServerHandshake, serverHandshakeHeaders } from './server-handshake.ts'
export type { HandshakeChoice, HandshakeRequest, ServerHandshake } from './server-handshake.ts'
