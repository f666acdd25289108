/**
 * `Frame` in a browser. A page neither sends nor sees pings and Close frames; it calls `close()`.
 */

import type { Frame as AnyFrame } from '../../protocol/index.ts'
import { BinaryFrame, TextFrame } from '../../protocol/portable.ts'

/**
 * A whole message. The type is the same on every platform, so code that takes frames runs on all of
 * them.
 *
 * @example
 * if (frame instanceof Frame.Text) await send(new Frame.Text(`YOU SAID: ${frame.readText()}`))
 */
export type Frame = AnyFrame

/** The classes of frames by name. */
export const Frame: {
  readonly Text: typeof TextFrame
  readonly Binary: typeof BinaryFrame
} = /* @__PURE__ */ Object.freeze({ Text: TextFrame, Binary: BinaryFrame })

/** The classes of frames as types. They do not exist at run time. */
export declare namespace Frame {
  export type Text = TextFrame
  export type Binary = BinaryFrame
}
