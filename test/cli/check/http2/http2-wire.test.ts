import { Duplex, PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import {
  frameBytes,
  FrameKind,
  FrameSplitter,
  type Http2Frame,
} from '../../../../src/cli/check/http2/http2-frames.ts'
import { Http2Wire } from '../../../../src/cli/check/http2/http2-wire.ts'

/** A wire, what the server writes to it, and the frames that Node's client would read. */
function wireOfTest(): {
  readonly wire: Http2Wire
  readonly server: PassThrough
  readonly sent: PassThrough
  readonly read: Http2Frame[]
} {
  const server = new PassThrough()
  const sent = new PassThrough()
  const wire = new Http2Wire(Duplex.from({ readable: server, writable: sent }))
  wire.on('error', () => {})
  const read: Http2Frame[] = []
  const splitter = new FrameSplitter((frame) => read.push(frame))
  wire.on('data', (bytes: Buffer) => splitter.push(bytes))
  return { wire, server, sent, read }
}

function windowUpdate(stream: number, increment: number): Http2Frame {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(increment)
  return { kind: FrameKind.WINDOW_UPDATE, flags: 0, stream, payload }
}

function increments(frames: readonly Http2Frame[]): Array<readonly [number, number]> {
  return frames.map(({ stream, payload }) => [stream, Buffer.from(payload).readUInt32BE(0)])
}

describe('Http2Wire', () => {
  it('Http2Wire takes bytes of injected DATA out of the windows that the server gives back', async () => {
    const { wire, server, read } = wireOfTest()
    wire.inject({ kind: FrameKind.DATA, flags: 0, stream: 1, payload: new Uint8Array(11) })

    const updates = [
      windowUpdate(0, 11),
      // As HAProxy does: the largest window, counted from what has arrived.
      windowUpdate(1, 0x7fff_000b),
      windowUpdate(0, 7),
      windowUpdate(3, 5),
    ]
    server.end(Buffer.concat(updates.map(frameBytes)))
    await new Promise((resolve) => wire.once('end', resolve))

    expect(increments(read)).toEqual([
      [1, 0x7fff_0000],
      [0, 7],
      [3, 5],
    ])
  })

  it('Http2Wire ends the connection at a frame that is larger than allowed', async () => {
    const { wire, server, read } = wireOfTest()

    server.write(Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]))
    await new Promise((resolve) => wire.once('close', resolve))

    expect(read).toEqual([])
    expect(wire.destroyed).toBe(true)
  })
})
