/** `towpath/protocol`: RFC 6455 without I/O. */

export { acceptKey } from './handshake/accept-key.ts'
export { checkServerResponse, createClientHandshake } from './handshake/client-handshake.ts'
export type {
  ClientHandshake,
  ClientHandshakeOptions,
  HandshakeAgreement,
  HandshakeResponse,
} from './handshake/client-handshake.ts'
export { CloseFrame } from './frames/close-frame.ts'
export { CloseReason } from './closing/close-reason.ts'
export type { CloseCodeName } from './closing/close-reason.ts'
export { PingFrame, PongFrame } from './frames/control-frames.ts'
export { BinaryFrame, TextFrame } from './frames/data-frames.ts'
export type { DataFrameOptions } from './frames/data-frames.ts'
export {
  FrameTooBigError,
  HandshakeError,
  LocalProtocolError,
  ProtocolViolation,
  ProtocolViolationError,
  TooManyFragmentsError,
} from './errors.ts'
export type { HeaderList } from './errors.ts'
export { Frame } from './frames/frame.ts'
export { FrameDecoder } from './frames/frame-decoder.ts'
export type { FrameDecoderOptions, Role } from './frames/decoder-options.ts'
export { encodeClose, encodedSizeBound, encodeFrame, payloadSize } from './frames/frame-encoder.ts'
export type { FrameSink } from './frames/frame-sink.ts'
export { FrameType } from './frames/frame-type.ts'
export { HttpHeaders } from './handshake/headers.ts'
export type { ExtensionOffer } from './handshake/headers.ts'
export { PreparedFrame } from './frames/prepared-frame.ts'
export type { Preparable } from './frames/prepare-frame.ts'
export { readServerHandshake, serverHandshakeHeaders } from './handshake/server-handshake.ts'
export type { HandshakeRequest, ServerHandshake } from './handshake/server-handshake.ts'
export { extendedConnectHeaders, readExtendedConnect } from './handshake/extended-connect.ts'
export type { ExtendedConnect, ExtendedConnectRequest } from './handshake/extended-connect.ts'
export type { HandshakeChoice, HandshakeOffer } from './handshake/handshake-offer.ts'
