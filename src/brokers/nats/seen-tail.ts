/**
 * The newest part of a stream that a node has seen in one epoch. A stream that lacks it later has
 * lost its tail.
 */

/** One epoch of one stream. */
export class SeenTail {
  /** The newest sequence that was seen; 0 for none. */
  highest = 0
  /** The newest event whose message id is known; 0 for none. */
  witness = 0
  witnessId = ''

  /** A sequence of the stream was seen. @param messageId of the event; `''` if not known. */
  saw(sequence: number, messageId: string): void {
    if (sequence > this.highest) this.highest = sequence
    if (sequence <= this.witness || messageId === '') return
    this.witness = sequence
    this.witnessId = messageId
  }
}
