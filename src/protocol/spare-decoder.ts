/**
 * Decoders for connections that only need one while they are read.
 *
 * Between two messages a decoder holds nothing of its connection. So one decoder reads for all
 * connections in turn, and an idle connection has none. This saves memory, and the decoder stays in
 * the processor's cache. A connection keeps it while a frame or a message is incomplete.
 */

import { type DecoderRules, type FrameDecoderOptions, rulesFor } from './frames/decoder-options.ts'
import { type DecoderSink, FrameDecoder, lend, stateOf } from './frames/frame-decoder.ts'
import type { FrameSink } from './frames/frame-sink.ts'

const NO_OPTIONS: FrameDecoderOptions = { role: 'server' }
const NO_RULES = rulesFor(NO_OPTIONS)
const NO_SINK: FrameSink = {
  text: ignore,
  binary: ignore,
  ping: ignore,
  pong: ignore,
  close: ignore,
  violation: ignore,
}

/** `null` while it is lent. */
let spare: FrameDecoder | null = null

/** A decoder that reads nothing, for all connections whose reading has stopped. */
let stopped: FrameDecoder | null = null

/** Returns a decoder that calls `sink`. The caller gives it to `settleDecoder` after the read. */
export function borrowDecoder(sink: DecoderSink, rules: DecoderRules): FrameDecoder {
  const decoder = spare
  if (decoder === null) return new FrameDecoder(sink, rules.options)
  spare = null
  lend(decoder, sink, rules)
  return decoder
}

/**
 * Takes back a decoder that was lent for a read that is over.
 *
 * @returns the decoder that the connection keeps; `null`: none until its next read.
 */
export function settleDecoder(decoder: FrameDecoder): FrameDecoder | null {
  const state = stateOf(decoder)
  if (state === 'busy' || decoder === stopped) return decoder
  // It must not keep the connection in memory.
  lend(decoder, NO_SINK, NO_RULES)
  spare = decoder
  return state === 'idle' ? null : stoppedDecoder()
}

/** Returns a decoder that reads nothing. */
export function stoppedDecoder(): FrameDecoder {
  if (stopped === null) {
    stopped = new FrameDecoder(NO_SINK, NO_OPTIONS)
    stopped.stop()
  }
  return stopped
}

function ignore(): void {
  // Never called: nothing is read.
}
