/** What other folders of the package may use of the protocol: its public door, and more. */

export * from './index.ts'
export {
  encodeClosePayload,
  mayTravel,
  parseClosePayload,
  requireTravelling,
} from './close-reason.ts'
export { mayReceiveData, maySendData, nextPhase } from './close-phase.ts'
export type { CloseEvent, ClosePhase } from './close-phase.ts'
export { isCheckedText, receivedText } from './data-frames.ts'
export { FragmentSequence } from './fragment-sequence.ts'
export { isFrame, payloadOf } from './frame.ts'
export {
  MAX_CLOSE_FRAME_BYTES,
  MAX_CONTROL_PAYLOAD_BYTES,
  MAX_HEADER_BYTES,
  Opcode,
} from './frame-header.ts'
export { MessageAssembler } from './message-assembler.ts'
export { allocate, EMPTY_BYTES, isBytes, utf8Length, writeUtf8 } from './memory.ts'
export { formatExtensions, parseExtensions, parseTokenList } from './headers.ts'
export { isToken } from './token.ts'
