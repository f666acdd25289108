/**
 * The options of a decoder, and the rules that follow from them. Decoders with the same options
 * share one object of rules: a copy in each would be a sixth of an idle decoder.
 */

import { MAX_BYTES } from '../memory.ts'

const DEFAULT_MAX_MESSAGE_BYTES = 1024 * 1024

// The largest cases of the conformance suite have this many fragments.
const DEFAULT_MAX_FRAGMENTS = 65_536 + 16

/** Rules that are kept to be shared: more than the routes of most applications. */
const MAX_SHARED = 16

/** The role of this side: servers require masks and clients refuse them (§5.1). */
export type Role = 'server' | 'client'

/** Options of a decoder. Sizes are bytes of payload; `Infinity` is no limit. */
export interface FrameDecoderOptions {
  /** The role of this side. */
  readonly role: Role

  /** The largest text or binary frame. @defaultValue Infinity */
  readonly maxFrameSize?: number

  /**
   * The largest message, all fragments together, as it travels. An extension that decompresses must
   * limit its own output. @defaultValue 1 MiB
   */
  readonly maxMessageSize?: number

  /** The largest number of fragments in one message; empty fragments count. @defaultValue 65 552 */
  readonly maxFragments?: number

  /**
   * Whether fragments are assembled into messages. If not, `maxMessageSize` applies to each frame,
   * and the number of fragments is not limited. @defaultValue true
   */
  readonly messages?: boolean

  /**
   * The reserved bits that extensions give a meaning to: RSV1 is 4, RSV2 is 2, RSV3 is 1.
   * @defaultValue 0
   */
  readonly claimedBits?: number
}

/** The options of a session's decoder; applications cannot set the others. */
export interface SessionDecoderOptions extends FrameDecoderOptions {
  /** Whether the sink is a `PartSink`. */
  readonly parts: boolean
}

/** What a decoder accepts: its options with the defaults filled in. */
export class DecoderRules {
  readonly expectsMask: boolean
  readonly maxFrameSize: number
  readonly maxMessageSize: number
  readonly maxFragments: number
  /** Whether fragments are assembled into messages. */
  readonly gathers: boolean
  readonly claimedBits: number
  /** Whether the sink takes short messages as parts. */
  readonly parts: boolean

  constructor(options: FrameDecoderOptions | SessionDecoderOptions) {
    this.expectsMask = options.role === 'server'
    this.maxFrameSize = options.maxFrameSize ?? Infinity
    this.maxMessageSize = Math.min(options.maxMessageSize ?? DEFAULT_MAX_MESSAGE_BYTES, MAX_BYTES)
    this.maxFragments = options.maxFragments ?? DEFAULT_MAX_FRAGMENTS
    this.gathers = options.messages ?? true
    this.claimedBits = options.claimedBits ?? 0
    this.parts = 'parts' in options && options.parts
  }

  /** The options that give these rules. */
  get options(): SessionDecoderOptions {
    const { maxFrameSize, maxMessageSize, maxFragments, claimedBits, parts } = this
    const role = this.expectsMask ? 'server' : 'client'
    const messages = this.gathers
    return { role, maxFrameSize, maxMessageSize, maxFragments, messages, claimedBits, parts }
  }

  equals(other: DecoderRules): boolean {
    return (
      this.expectsMask === other.expectsMask &&
      this.maxFrameSize === other.maxFrameSize &&
      this.maxMessageSize === other.maxMessageSize &&
      this.maxFragments === other.maxFragments &&
      this.gathers === other.gathers &&
      this.claimedBits === other.claimedBits &&
      this.parts === other.parts
    )
  }
}

/** The rules that were made last, oldest first. */
const shared: DecoderRules[] = []

/** Returns the rules for `options`. Decoders share them. */
export function rulesFor(options: FrameDecoderOptions): DecoderRules {
  const rules = new DecoderRules(options)
  const same = shared.find((each) => each.equals(rules))
  if (same !== undefined) return same
  if (shared.length === MAX_SHARED) shared.shift()
  shared.push(rules)
  return rules
}
