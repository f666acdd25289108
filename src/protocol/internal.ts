/** What other folders of the package may use of the protocol: its public door, and more. */

export * from './index.ts'
export { encodeClosePayload, mayTravel, parseClosePayload, requireTravelling } from './close-reason.ts'
export { MAX_CONTROL_PAYLOAD_BYTES } from './control-frames.ts'
export { isCheckedText, receivedText } from './data-frames.ts'
export { isFrame, payloadOf } from './frame.ts'
export { allocate, EMPTY_BYTES, isBytes, utf8Length, writeUtf8 } from './memory.ts'
