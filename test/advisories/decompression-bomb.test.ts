/**
 * Decompression bombs: a small message that inflates to more than anybody has memory for.
 *
 * CVE-2018-1000518 (python-websockets), CVE-2026-1526 (undici: 6 MB became 1 GB), KTOR-9333,
 * Centrifugo before 6.8.4: the limit was on the wire only.
 */

import { constants, deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'

import { permessageDeflate, type WebSocketsOptions } from '../../src/index.ts'
import { World } from '../application/upgrade-client.ts'
import type { Peer } from '../support/peer.ts'

const MIB = 1024 * 1024

/** `size` zeros, compressed as a message is (RFC 7692 §7.2.1). */
function bomb(size: number): Uint8Array {
  const all = deflateRawSync(new Uint8Array(size), { finishFlush: constants.Z_SYNC_FLUSH })
  return all.subarray(0, all.length - 4)
}

/** A masked frame of a client (the mask is zero) with `first` as its first byte. */
function frame(first: number, payload: Uint8Array): Uint8Array {
  const head = new Uint8Array(14)
  const view = new DataView(head.buffer)
  head[0] = first
  head[1] = 0xff
  view.setBigUint64(2, BigInt(payload.length))
  if (payload.length > 65_535) return Uint8Array.of(...head, ...payload)
  if (payload.length > 125) {
    return Uint8Array.of(
      first,
      0xfe,
      payload.length >> 8,
      payload.length & 255,
      0,
      0,
      0,
      0,
      ...payload,
    )
  }
  return Uint8Array.of(first, 0x80 | payload.length, 0, 0, 0, 0, ...payload)
}

const BINARY = 0x82
const COMPRESSED = 0x40

/** A peer that has agreed on compression, and what the application hears of its limits. */
async function connect(
  options: WebSocketsOptions = {},
): Promise<{ readonly peer: Peer; readonly told: [string, unknown][] }> {
  const world = new World().install({ extensions: [permessageDeflate()], ...options })
  const told: [string, unknown][] = []
  world.app.monitor.on('limitReached', ({ limit, error }) => void told.push([limit, error]))
  world.app.routing((route) => {
    route.webSocket('/', async ({ incoming }) => {
      for await (const _ of incoming);
    })
  })
  const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
  return { peer: await world.connect('/', { headers }), told }
}

describe('advisory: decompression bomb', () => {
  it('64 MiB in 64 KiB end the session with 1009, by the default limit', async () => {
    const { peer, told } = await connect()
    const bytes = frame(BINARY | COMPRESSED, bomb(64 * MIB))
    const before = process.memoryUsage().arrayBuffers

    peer.send(bytes)

    expect(await peer.rest()).toBe('88 02 03 f1')
    expect(told).toMatchObject([['maxMessageSize', { limit: MIB }]])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MIB)
  })

  it('the limit is the one on what is inflated, whatever travelled', async () => {
    const { peer, told } = await connect({ maxMessageSize: 10_000 })

    peer.send(frame(BINARY | COMPRESSED, bomb(10_001)))

    expect(await peer.rest()).toBe('88 02 03 f1')
    expect(told).toMatchObject([['maxMessageSize', { limit: 10_000 }]])
  })

  it('fragments do not hide it', async () => {
    const { peer, told } = await connect({ maxMessageSize: 10_000 })
    const bytes = bomb(1_000_000)

    peer.send(frame((BINARY | COMPRESSED) & 0x7f, bytes.subarray(0, 1)))
    for (let at = 1; at < bytes.length; at += 50)
      peer.send(frame(0x00, bytes.subarray(at, at + 50)))
    peer.send(frame(0x80, new Uint8Array(0)))

    expect(await peer.rest()).toBe('88 02 03 f1')
    expect(told).toMatchObject([['maxMessageSize', { limit: 10_000 }]])
  })

  it('a context that is kept does not hide it: the second message counts by itself', async () => {
    const { peer, told } = await connect({ maxMessageSize: 10_000 })
    peer.send(frame(BINARY | COMPRESSED, bomb(9000)))
    peer.send(frame(BINARY | COMPRESSED, bomb(9000)))
    expect(told).toEqual([])

    peer.send(frame(BINARY | COMPRESSED, bomb(10_001)))

    expect(await peer.rest()).toBe('88 02 03 f1')
  })

  it('where messages may be of any size, the ratio is limited', async () => {
    const { peer, told } = await connect({ maxMessageSize: Infinity })

    peer.send(frame(BINARY | COMPRESSED, bomb(64 * MIB)))

    expect(await peer.rest()).toBe('88 02 03 f1')
    expect(told).toMatchObject([['maxRatio', { code: 'TOWPATH_COMPRESSION_RATIO' }]])
  })
})
