/**
 * `Frame` in a browser: the same classes, without those for pings, which a page neither sends nor sees.
 */

import type { Frame as AnyFrame } from '../../protocol/index.ts'
import { BinaryFrame, CloseFrame, TextFrame } from '../../protocol/portable.ts'

/**
 * What a session takes and gives: whole messages, and a close to be sent. The type is that of every platform, so that
 * code which takes frames runs on all of them.
 *
 * @example
 * if (frame instanceof Frame.Text) await send(new Frame.Text(`YOU SAID: ${frame.readText()}`))
 */
export type Frame = AnyFrame

/** The classes of frame by name. */
export const Frame: {
  readonly Text: typeof TextFrame
  readonly Binary: typeof BinaryFrame
  readonly Close: typeof CloseFrame
} = /* @__PURE__ */ Object.freeze({ Text: TextFrame, Binary: BinaryFrame, Close: CloseFrame })

/** The classes of frame as types; nothing of this exists at run time. */
export declare namespace Frame {
  export type Text = TextFrame
  export type Binary = BinaryFrame
  export type Close = CloseFrame
}
