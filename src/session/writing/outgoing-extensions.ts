/**
 * Passes data frames through the extensions, in order.
 *
 * A frame is transformed when it is about to be serialised, not when it is queued. A frame that an
 * overflow policy drops has then not changed a compression context that the peer follows. An
 * extension may take time. At most one frame is under way, and the others wait in the queue.
 */

import { MessageFrame, transform } from '../../extensions/internal.ts'
import { Opcode, type PreparedFrame, preparedPayload } from '../../protocol/internal.ts'
import type { SessionExtensions } from '../session-extensions.ts'
import type { SessionHome } from './session-home.ts'
import type { Stretch } from './stretch.ts'

/** The write half, as the extensions see it. */
export interface TransformedWriter {
  /** The stretch for a frame with `payload`; `null` if the transport has to drain first. */
  room(payload: string | Uint8Array): Stretch | null
  /** A frame that took time is on its way: frames behind it may follow. */
  pump(): void
}

/** A frame that an extension works on, or that waits for the transport after that. */
interface FrameUnderWay {
  readonly opcode: number
  readonly frame: MessageFrame
}

/** Passes the sent frames of one session through its extensions. */
export class OutgoingExtensions {
  readonly #extensions: SessionExtensions
  readonly #writer: TransformedWriter
  readonly #home: SessionHome
  /** The type of the message under way, which continuations do not name. */
  #type: 'text' | 'binary' = 'text'
  #underWay: FrameUnderWay | null = null
  #isReady = false

  constructor(extensions: SessionExtensions, writer: TransformedWriter, home: SessionHome) {
    this.#extensions = extensions
    this.#writer = writer
    this.#home = home
  }

  /** Whether a frame is under way, and the next has to wait. */
  get isBusy(): boolean {
    return this.#underWay !== null
  }

  /** Bytes of the frame that is under way. */
  get heldBytes(): number {
    return this.#underWay?.frame.byteLength ?? 0
  }

  /**
   * Sends one data frame, while no frame is under way. The payload belongs to the caller again when
   * this returns. Control frames pass by the extensions (RFC 6455 §5.8, RFC 7692 §6.1).
   */
  write(
    opcode: number,
    fin: boolean,
    payload: string | Uint8Array,
    prepared: PreparedFrame | null,
  ): void {
    // No frame may follow a frame that is lost.
    if (this.#extensions.isOutgoingOver) return
    if (opcode !== Opcode.CONTINUATION) this.#type = opcode === Opcode.TEXT ? 'text' : 'binary'
    const isFirst = opcode !== Opcode.CONTINUATION
    const frame = new MessageFrame(this.#type, isFirst, fin, payload, 0, prepared)
    const pending = this.transform(frame)
    if (this.#extensions.isOutgoingOver) return
    this.#underWay = { opcode, frame }
    if (pending === null) this.ready()
    else this.await(pending, frame)
  }

  /** Writes the frame that waits for the transport, if there is room now. */
  writeHeld(): void {
    if (this.#underWay === null || !this.#isReady) return
    const { opcode, frame } = this.#underWay
    const stretch = this.#writer.room(frame.content)
    if (stretch === null) return
    this.#underWay = null
    this.#isReady = false
    const bits = frame.isFirst ? frame.reservedBits & this.#home.claimedBits : 0
    stretch.write(opcode, frame.fin, bits, frame.content, isUntouched(frame, bits))
  }

  /** The transport is gone: the frame under way is lost. */
  abandon(): void {
    this.#underWay = null
    this.#isReady = false
  }

  private transform(frame: MessageFrame): Promise<void> | null {
    try {
      return transform(this.#extensions.outgoing, 'outgoing', frame)
    } catch (error) {
      this.#extensions.failOutgoing(error)
      return null
    }
  }

  private ready(): void {
    this.#isReady = true
    this.writeHeld()
  }

  private await(pending: Promise<void>, frame: MessageFrame): void {
    frame.keep()
    const settled = (): boolean =>
      this.#underWay?.frame === frame && !this.#extensions.isOutgoingOver
    pending.then(
      () => {
        if (!settled()) return
        this.ready()
        // The sender of the frame that took time is not the sender of the frames that wait.
        this.#home.environment.runDetached(() => this.#writer.pump())
      },
      (error: unknown) => {
        if (!settled()) return
        this.#underWay = null
        this.#extensions.failOutgoing(error)
      },
    )
  }
}

/** Whether the bytes are those of the prepared message, so that other sessions may share them. */
function isUntouched({ prepared, content }: MessageFrame, bits: number): boolean {
  return prepared !== null && bits === 0 && content === preparedPayload(prepared)
}
