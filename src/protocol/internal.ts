/** The names of the protocol for other folders of the package: the public names, and more. */

export { acceptKey } from './handshake/accept-key.ts'
export {
  checkConnectResponse,
  checkServerResponse,
  createClientHandshake,
} from './handshake/client-handshake.ts'
export type {
  ClientHandshake,
  ClientHandshakeOptions,
  HandshakeAgreement,
  HandshakeResponse,
} from './handshake/client-handshake.ts'
export { mayReceiveData, maySendData, nextPhase } from './closing/close-phase.ts'
export type { CloseEvent, ClosePhase } from './closing/close-phase.ts'
export { CloseFrame } from './frames/close-frame.ts'
export {
  CloseReason,
  encodeClosePayload,
  mayTravel,
  parseClosePayload,
  requireTravelling,
} from './closing/close-reason.ts'
export type { CloseCodeName } from './closing/close-reason.ts'
export { PingFrame, PongFrame } from './frames/control-frames.ts'
export {
  BinaryFrame,
  isCheckedText,
  partOf,
  receivedBinary,
  ReceivedOptions,
  receivedPart,
  receivedText,
  TextFrame,
} from './frames/data-frames.ts'
export { emptyPool, pooledBytes, recycle } from './block-pool.ts'
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
export { FragmentSequence } from './frames/fragment-sequence.ts'
export { FrameDecoder } from './frames/frame-decoder.ts'
export { type DecoderRules, rulesFor } from './frames/decoder-options.ts'
export type { FrameDecoderOptions, Role, SessionDecoderOptions } from './frames/decoder-options.ts'
export {
  encodeClose,
  encodedSizeBound,
  encodeFrame,
  encodePart,
  payloadSize,
} from './frames/frame-encoder.ts'
export {
  MAX_CLOSE_FRAME_BYTES,
  MAX_CONTROL_PAYLOAD_BYTES,
  MAX_HEADER_BYTES,
  Opcode,
} from './frames/frame-header.ts'
export type { FrameSink } from './frames/frame-sink.ts'
export { refuseData } from './frames/frame-payload.ts'
export { borrowDecoder, settleDecoder, stoppedDecoder } from './spare-decoder.ts'
export { FrameType } from './frames/frame-type.ts'
export { Frame, isFrame, payloadOf } from './frames/frame.ts'
export {
  formatExtensions,
  HttpHeaders,
  headerIn,
  listHas,
  parseExtensions,
  parseTokenList,
} from './handshake/headers.ts'
export type { ExtensionOffer } from './handshake/headers.ts'
export { allocate, allocateBlock, isUtf8, sameBytes, sharesMemory, utf8Length } from './memory.ts'
export { allocateReadBuffer } from './simd-mask.ts'
export {
  HEARTBEAT_LIMIT,
  HEARTBEAT_MARK,
  heartbeatAnswer,
  heartbeatQuestion,
  isHeartbeatAnswer,
} from './heartbeat.ts'
export type { PartSink, PayloadPart } from './payload-part.ts'
export { MessageAssembler } from './frames/message-assembler.ts'
export { ownBytes, ownPayload } from './frames/owned-payload.ts'
export { RequestHeadReader } from './handshake/request-head.ts'
export type { RequestHead, RequestHeadResult } from './handshake/request-head.ts'
export { readReconnectHint, reconnectHint } from './closing/reconnect-hint.ts'
export { PreparedFrame, preparedBytes, preparedPayload } from './frames/prepared-frame.ts'
export type { Preparable } from './frames/prepare-frame.ts'
export { readServerHandshake, serverHandshakeHeaders } from './handshake/server-handshake.ts'
export type { HandshakeRequest, ServerHandshake } from './handshake/server-handshake.ts'
export { shareStrings } from './handshake/shared-strings.ts'
export { extendedConnectHeaders, readExtendedConnect } from './handshake/extended-connect.ts'
export type { ExtendedConnect, ExtendedConnectRequest } from './handshake/extended-connect.ts'
export type { HandshakeChoice, HandshakeOffer } from './handshake/handshake-offer.ts'
export { HeldBytes } from './held-bytes.ts'
export { EMPTY_BYTES, encodeUtf8, isBytes, writeUtf8 } from './text.ts'
export { isToken } from './handshake/token.ts'
