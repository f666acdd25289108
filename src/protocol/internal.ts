/** What other folders of the package may use of the protocol: its public door, and more. */

export { acceptKey } from './accept-key.ts'
export { checkServerResponse, createClientHandshake } from './client-handshake.ts'
export type {
  ClientHandshake,
  ClientHandshakeOptions,
  HandshakeAgreement,
  HandshakeResponse,
} from './client-handshake.ts'
export { mayReceiveData, maySendData, nextPhase } from './close-phase.ts'
export type { CloseEvent, ClosePhase } from './close-phase.ts'
export { CloseFrame } from './close-frame.ts'
export {
  CloseReason,
  encodeClosePayload,
  mayTravel,
  parseClosePayload,
  requireTravelling,
} from './close-reason.ts'
export type { CloseCodeName } from './close-reason.ts'
export { PingFrame, PongFrame } from './control-frames.ts'
export { BinaryFrame, isCheckedText, receivedText, TextFrame } from './data-frames.ts'
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
export { FragmentSequence } from './fragment-sequence.ts'
export { FrameDecoder } from './frame-decoder.ts'
export type { FrameDecoderOptions, Role } from './frame-decoder.ts'
export { encodeClose, encodedSizeBound, encodeFrame, payloadSize } from './frame-encoder.ts'
export {
  MAX_CLOSE_FRAME_BYTES,
  MAX_CONTROL_PAYLOAD_BYTES,
  MAX_HEADER_BYTES,
  Opcode,
} from './frame-header.ts'
export type { FrameSink } from './frame-sink.ts'
export { FrameType } from './frame-type.ts'
export { Frame, isFrame, payloadOf } from './frame.ts'
export {
  formatExtensions,
  HttpHeaders,
  listHas,
  parseExtensions,
  parseTokenList,
} from './headers.ts'
export type { ExtensionOffer } from './headers.ts'
export { allocate, allocateBlock, isUtf8, sameBytes, sharesMemory, utf8Length } from './memory.ts'
export {
  HEARTBEAT_LIMIT,
  HEARTBEAT_MARK,
  heartbeatAnswer,
  heartbeatQuestion,
  isHeartbeatAnswer,
} from './heartbeat.ts'
export { MessageAssembler } from './message-assembler.ts'
export { ownBytes, ownPayload } from './owned-payload.ts'
export { RequestHeadReader } from './request-head.ts'
export type { RequestHead, RequestHeadResult } from './request-head.ts'
export { readReconnectHint, reconnectHint } from './reconnect-hint.ts'
export { PreparedFrame, preparedBytes, preparedPayload } from './prepared-frame.ts'
export type { Preparable } from './prepare-frame.ts'
export { readServerHandshake, serverHandshakeHeaders } from './server-handshake.ts'
export type { HandshakeChoice, HandshakeRequest, ServerHandshake } from './server-handshake.ts'
export { HeldBytes } from './held-bytes.ts'
export { EMPTY_BYTES, encodeUtf8, isBytes, writeUtf8 } from './text.ts'
export { isToken } from './token.ts'
