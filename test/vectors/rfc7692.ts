/** The examples of RFC 7692 §7.2.3, as literal bytes. All of them say "Hello". */

/**
 * Messages as they travel, each by itself: the payload of an unfragmented frame, or of all
 * fragments.
 */
export const COMPRESSED_HELLO: ReadonlyArray<{ readonly name: string; readonly hex: string }> = [
  { name: '§7.2.3.1 one block of a fixed code', hex: 'f2 48 cd c9 c9 07 00' },
  { name: '§7.2.3.3 a stored block', hex: '00 05 00 fa ff 48 65 6c 6c 6f 00' },
  { name: '§7.2.3.4 a block with BFINAL', hex: 'f3 48 cd c9 c9 07 00 00' },
  { name: '§7.2.3.5 two blocks', hex: 'f2 48 05 00 00 00 ff ff ca c9 c9 07 00' },
]

/** §7.2.3.1: the message in two fragments, as frames of a server. */
export const FRAGMENTED_HELLO = '41 03 f2 48 cd 80 04 c9 c9 07 00'

/** §7.2.3.2: the second time, with the first one remembered. */
export const HELLO_AGAIN = 'f2 00 11 00 00'

/** §7.2.3.6: no bytes at all. */
export const EMPTY_MESSAGE = '00'
