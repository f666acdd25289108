/**
 * permessage-deflate in one session: decides which messages are compressed and with which context,
 * and inflates received messages (RFC 7692 §6, §7.2).
 */

import { FrameTooBigError, type PreparedFrame } from '../protocol/internal.ts'
import type { CompressionBudget } from './compression-budget.ts'
import { deflateContextBytes, inflateContextBytes } from './compression-budget.ts'
import type { DeflateContext, DeflateEngine, InflateContext } from './deflate-contexts.ts'
import { TAIL } from './deflate-contexts.ts'
import type { DeflateSettings } from './deflate-options.ts'
import type { DeflateParameters } from './deflate-parameters.ts'
import type { ExtensionContext, ExtensionFrame, ExtensionSession } from './extension.ts'
import { CompressionRatioError } from './errors.ts'
import { InflationAllowance } from './inflation-allowance.ts'
import { compressPrepared, preparedOf } from './prepared-messages.ts'
import { compressAlone, inflateAlone } from './shared-contexts.ts'

/** The reserved bit of compressed messages (§6). */
export const RSV1 = 4

/** Below this size in bytes, any ratio is allowed. */
const FREE_BYTES = 1024 * 1024

/**
 * An empty message, compressed: the beginning of the empty stored block that the tail completes
 * (§7.2.3.6).
 */
const EMPTY_MESSAGE = Uint8Array.of(0x00)

/** The negotiated parameters of one direction. */
interface Direction {
  readonly keepsContext: boolean
  readonly windowBits: number
}

/** The directions of a connection, by the side that compresses. */
export interface DeflateDirections {
  readonly server: Direction
  readonly client: Direction
}

/** Returns the directions for negotiated parameters. Sessions with the same ones share them. */
export function directionsOf(agreed: DeflateParameters): DeflateDirections {
  return {
    server: {
      keepsContext: !agreed.serverNoContextTakeover,
      windowBits: agreed.serverMaxWindowBits,
    },
    client: {
      keepsContext: !agreed.clientNoContextTakeover,
      windowBits: agreed.clientMaxWindowBits,
    },
  }
}

/** What the sessions with one agreement share: an idle session keeps one reference to it. */
export interface DeflateTerms {
  readonly settings: DeflateSettings
  readonly engine: DeflateEngine
  readonly context: ExtensionContext
  /** The direction that this side compresses. */
  readonly out: Direction
  readonly in: Direction
}

/** Returns the terms of sessions on the side that `context` names. */
export function termsOf(
  settings: DeflateSettings,
  engine: DeflateEngine,
  { server, client }: DeflateDirections,
  context: ExtensionContext,
): DeflateTerms {
  const isServer = context.role === 'server'
  const [out, incoming] = isServer ? [server, client] : [client, server]
  return { settings, engine, context, out, in: incoming }
}

/** The extension's instance for one session. `#` methods would cost a field of each object. */
export class DeflateSession implements ExtensionSession {
  readonly #terms: DeflateTerms
  #deflate: DeflateContext | null = null
  #inflate: InflateContext | null = null
  #allowance: InflationAllowance | null = null
  /** Whether the current outgoing message is compressed: decided at its first frame. */
  #isCompressing = false
  /** Whether more fragments of the current compressed message follow. */
  #isInsideMessage = false
  /** Whether anything was compressed since the idle timer was set. */
  #isBusy = false
  #idleTimer: Disposable | null = null

  constructor(terms: DeflateTerms) {
    this.#terms = terms
    // The peer may refer to its earlier messages at any time, so this memory is reserved.
    if (this.#terms.in.keepsContext)
      this.budget.take(inflateContextBytes(this.#terms.in.windowBits))
  }

  outgoing(frame: ExtensionFrame): Promise<void> | void {
    const prepared = this.#terms.engine.isSynchronous ? preparedOf(frame) : null
    if (prepared !== null) return this.outgoingPrepared(frame, prepared)
    if (frame.isFirst) this.#isCompressing = this.begins(frame)
    if (!this.#isCompressing) return
    this.#isInsideMessage = !frame.fin
    const compressed = this.compress(frame)
    if (compressed instanceof Promise) {
      return compressed.then((bytes) => this.compressed(frame, bytes))
    }
    this.compressed(frame, compressed)
  }

  incoming(message: ExtensionFrame): Promise<void> | void {
    if ((message.reservedBits & RSV1) === 0) return
    message.reservedBits &= ~RSV1
    // §7.2.3.6 has another encoding, but flushing zlib twice gives this one, and it is unambiguous.
    if (message.byteLength === 0) return
    const inflated = this.inflateMessage(message)
    if (inflated instanceof Promise) {
      return inflated.then((bytes) => this.inflated(message, bytes))
    }
    this.inflated(message, inflated)
  }

  dispose(): void {
    this.dropDeflate()
    this.#allowance?.dispose()
    this.#inflate?.close()
    this.#inflate = null
    if (this.#terms.in.keepsContext)
      this.budget.giveBack(inflateContextBytes(this.#terms.in.windowBits))
  }

  private get budget(): CompressionBudget {
    return this.#terms.settings.budget
  }

  /**
   * Sends a message that was compressed by itself for all sessions. It refers to nothing before it,
   * which is always allowed. The peer's window contains it from now on, and ours does not. Our
   * context therefore starts again, so that later messages refer to nothing before it.
   */
  private outgoingPrepared(frame: ExtensionFrame, prepared: PreparedFrame): void {
    if (!this.isWanted(frame)) return
    const bytes = compressPrepared(prepared, this.#terms.engine, this.deflateOptions())
    if (bytes === null) return
    this.#deflate?.reset()
    frame.payload = bytes
    frame.reservedBits |= RSV1
  }

  private isWanted(frame: ExtensionFrame): boolean {
    const { threshold, compressIf } = this.#terms.settings
    return frame.byteLength >= threshold && (compressIf === null || compressIf(frame))
  }

  /** Whether the message that begins with `frame` should and can be compressed. */
  private begins(frame: ExtensionFrame): boolean {
    if (!this.isWanted(frame)) return false
    this.#isBusy = true
    if (this.#deflate !== null || this.mayShare(frame)) return true
    if (this.openDeflate()) return true
    this.budget.countMessage()
    return frame.fin && this.#terms.engine.isSynchronous
  }

  /** Whether a shared context is sufficient for this frame. */
  private mayShare(frame: ExtensionFrame): boolean {
    return frame.fin && this.#terms.engine.isSynchronous && !this.#terms.out.keepsContext
  }

  private compress(frame: ExtensionFrame): Uint8Array | Promise<Uint8Array> {
    // zlib has nothing to flush then, and would return nothing.
    if (frame.byteLength === 0) return TAIL
    if (this.#deflate !== null) return this.#deflate.compress(frame.payload)
    return compressAlone(this.#terms.engine, this.deflateOptions(), frame.payload)
  }

  /** Takes the compressed bytes of `frame`, with their tail. */
  private compressed(frame: ExtensionFrame, bytes: Uint8Array): void {
    const isEmpty = bytes === TAIL
    // A message that no context contains may be sent uncompressed, if that is shorter.
    const isAlone = this.#deflate === null && !isEmpty
    if (isAlone && bytes.length - TAIL.length >= frame.byteLength) return
    if (frame.isFirst) frame.reservedBits |= RSV1
    if (!frame.fin) {
      if (!isEmpty) frame.payload = bytes
      return
    }
    // §7.2.1: the tail is not sent. The message ends where an empty message would end.
    frame.payload = isEmpty ? EMPTY_MESSAGE : bytes.subarray(0, bytes.length - TAIL.length)
    if (!this.#terms.out.keepsContext) this.dropDeflate()
  }

  private inflated(message: ExtensionFrame, bytes: Uint8Array): void {
    const { maxRatio } = this.#terms.settings
    const excess = bytes.length - message.byteLength * maxRatio
    if (excess > 0) {
      this.#allowance ??= new InflationAllowance(this.#terms.context)
      this.#allowance.charge(excess, bytes.length, maxRatio)
    }
    message.payload = bytes
  }

  private inflateMessage(message: ExtensionFrame): Uint8Array | Promise<Uint8Array> {
    const { payload } = message
    const { maxMessageSize } = this.#terms.context
    const largest = Math.max(FREE_BYTES, Math.floor(payload.length * this.#terms.settings.maxRatio))
    if (maxMessageSize <= largest) return this.inflateUpTo(maxMessageSize, payload)
    try {
      const inflated = this.inflateUpTo(largest, payload)
      return inflated instanceof Promise
        ? inflated.catch((error: unknown) => this.refuseRatio(error))
        : inflated
    } catch (error) {
      return this.refuseRatio(error)
    }
  }

  private inflateUpTo(limit: number, message: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const { keepsContext, windowBits } = this.#terms.in
    if (this.#terms.engine.isSynchronous && !keepsContext) {
      return inflateAlone(this.#terms.engine, windowBits, message, limit)
    }
    this.#inflate ??= this.#terms.engine.createInflate(windowBits)
    const inflated = this.#inflate.inflate(message, limit)
    if (keepsContext || !(inflated instanceof Promise)) return inflated
    return inflated.finally(() => this.#inflate?.reset())
  }

  /** Throws the ratio's error if the ratio was the limit, and not the size. */
  private refuseRatio(error: unknown): never {
    if (!(error instanceof FrameTooBigError)) throw error
    throw new CompressionRatioError(error.size, this.#terms.settings.maxRatio)
  }

  private deflateOptions(): { windowBits: number; level: number; memoryLevel: number } {
    const { level, memoryLevel } = this.#terms.settings
    return { windowBits: this.#terms.out.windowBits, level, memoryLevel }
  }

  /** Opens a context for this session. @returns `false` if the budget has no room for it. */
  private openDeflate(): boolean {
    const options = this.deflateOptions()
    const bytes = deflateContextBytes(options.windowBits, options.memoryLevel)
    if (!this.budget.hasRoom(bytes)) return false
    this.budget.take(bytes)
    this.#deflate = this.#terms.engine.createDeflate(options)
    if (this.#terms.out.keepsContext) this.watchIdle()
    return true
  }

  private dropDeflate(): void {
    this.#idleTimer?.[Symbol.dispose]()
    this.#idleTimer = null
    if (this.#deflate === null) return
    this.#deflate.close()
    this.#deflate = null
    const { windowBits, memoryLevel } = this.deflateOptions()
    this.budget.giveBack(deflateContextBytes(windowBits, memoryLevel))
  }

  /**
   * Frees the context when nothing was compressed for a while. This is always allowed: a new
   * context refers to nothing that the peer would have to remember. One timer per period and a flag
   * per message are cheaper than a timer per message.
   */
  private watchIdle(): void {
    const { idleTimeout } = this.#terms.settings
    if (idleTimeout === null) return
    this.#isBusy = false
    this.#idleTimer = this.#terms.context.schedule(idleTimeout, () => {
      if (this.#isBusy || this.#isInsideMessage) this.watchIdle()
      else this.dropDeflate()
    })
  }
}
