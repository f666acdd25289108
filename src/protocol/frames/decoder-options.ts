/** The options of a decoder. */

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
