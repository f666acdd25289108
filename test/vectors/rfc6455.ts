/** The examples of RFC 6455, as literal bytes. */

/** §5.7: frames, and what they say. `to` is the role of the receiver. */
export const FRAME_EXAMPLES: ReadonlyArray<{
  readonly name: string
  readonly to: 'server' | 'client'
  readonly hex: string
  readonly events: readonly string[]
}> = [
  {
    name: 'a single-frame unmasked text message',
    to: 'client',
    hex: '81 05 48 65 6c 6c 6f',
    events: ['text fin 48 65 6c 6c 6f'],
  },
  {
    name: 'a single-frame masked text message',
    to: 'server',
    hex: '81 85 37 fa 21 3d 7f 9f 4d 51 58',
    events: ['text fin 48 65 6c 6c 6f'],
  },
  {
    name: 'a fragmented unmasked text message',
    to: 'client',
    hex: '01 03 48 65 6c 80 02 6c 6f',
    events: ['text part 48 65 6c', 'text fin 6c 6f'],
  },
  {
    name: 'an unmasked ping',
    to: 'client',
    hex: '89 05 48 65 6c 6c 6f',
    events: ['ping 48 65 6c 6c 6f'],
  },
  {
    name: 'a masked pong',
    to: 'server',
    hex: '8a 85 37 fa 21 3d 7f 9f 4d 51 58',
    events: ['pong 48 65 6c 6c 6f'],
  },
]

/** §5.7: the headers of unmasked binary messages of two sizes. */
export const LENGTH_EXAMPLES: ReadonlyArray<{ readonly size: number; readonly header: string }> = [
  { size: 256, header: '82 7e 01 00' },
  { size: 65536, header: '82 7f 00 00 00 00 00 01 00 00' },
]

/** §1.3: the handshake of the introduction. */
export const HANDSHAKE_EXAMPLE = {
  key: 'dGhlIHNhbXBsZSBub25jZQ==',
  accept: 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
} as const
