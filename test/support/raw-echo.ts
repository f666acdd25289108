/**
 * An echo server made of bytes. It does what every server does, and a test may change single
 * frames and connections.
 */

import type { Socket } from 'node:net'
import { type AnswerFrame, AnswerReader } from '../../src/cli/check/wire/answer-reader.ts'
import { plainFrame } from '../../src/cli/check/wire/frame-bytes.ts'
import { type RawCall, type RawServer, rawServer, switchingHead } from './raw-server.ts'

/** What a test changes. */
export interface RawEchoOptions {
  /**
   * Handles a connection, and returns whether it did.
   *
   * @param index the number of the connection, from 0.
   */
  readonly connection?: (call: RawCall, index: number) => boolean
  /** Handles a frame, and returns whether it did. */
  readonly frame?: (socket: Socket, frame: AnswerFrame) => boolean
}

/** Connections that `towpath check` makes before its first case. */
export const EXAMINING = 2

/** Starts the server on a free port. */
export function rawEcho({ connection, frame }: RawEchoOptions = {}): Promise<RawServer> {
  let count = 0
  return rawServer((call) => {
    if (connection?.(call, count++) === true) return
    const { socket, head, rest } = call
    socket.write(switchingHead(head))
    const reader = new AnswerReader(true, Infinity)
    let answered = 0
    const read = (bytes: Buffer): void => {
      reader.read(bytes)
      for (const each of reader.frames.slice(answered)) {
        answered++
        if (frame?.(socket, each) !== true) answer(socket, each)
      }
    }
    socket.on('data', read)
    read(rest)
  })
}

function answer(socket: Socket, { first, payload }: AnswerFrame): void {
  const opcode = first & 0x0f
  if (opcode === 9) socket.write(plainFrame(0x8a, payload))
  else if (opcode !== 10) socket.write(plainFrame(first, payload))
  if (opcode === 8) socket.end()
}
