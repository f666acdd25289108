/**
 * `Frame` in a browser: messages. Pings and Close frames a page neither sends nor sees; it has `close()`.
 */

import type { Frame as AnyFrame } from '../../protocol/index.ts'
import { BinaryFrame, TextFrame } from '../../protocol/portable.ts'

/**
 * What a session takes and gives: whole messages. The type is that of every platform, so that code which takes frames
 * runs on all of them.
 *
 * @example
 * if (frame instanceof Frame.Text) await send(new Frame.Text(`YOU SAID: ${frame.readText()}`))
 */
export type Frame = AnyFrame

/** The classes of frame by name. */
export const Frame: {
  readonly Text: typeof TextFrame
  readonly Binary: typeof BinaryFrame
} = /* @__PURE__ */ Object.freeze({ Text: TextFrame, Binary: BinaryFrame })

/** The classes of frame as types; nothing of this exists at run time. */
export declare namespace Frame {
  export type Text = TextFrame
  export type Binary = BinaryFrame
}
