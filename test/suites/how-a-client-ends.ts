/**
 * The table "How it ends" of the contract in the role of a client, for every way to connect: the
 * bytes on the wire, `closed`, and the results of `receive()` and `send`.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import {
  CloseReason,
  ClosedReceiveChannelError,
  ClosedSendChannelError,
  FrameTooBigError,
  ProtocolViolationError,
} from '../../src/node-client.ts'
import type { ClientHost } from '../support/client-hosts.ts'

/** `Close(code)` of a client whose mask is `mask`, in hex. */
function maskedClose(bytes: string, code: number): boolean {
  const [first, second, ...rest] = bytes.split(' ').map((byte) => Number.parseInt(byte, 16))
  const at = (index: number): number => (rest[4 + index] ?? 0) ^ (rest[index] ?? 0)
  return first === 0x88 && (second ?? 0) >= 0x82 && at(0) * 256 + at(1) === code
}

const CLOSE_1000 = '88 02 03 e8'
const CLOSE_4001_BYE = '88 05 0f a1 62 79 65'

/** Runs the table on one way to connect. */
export function howAClientEnds(name: string, createHost: () => Promise<ClientHost>): void {
  let host: ClientHost

  beforeAll(async () => {
    host = await createHost()
  })
  afterAll(() => host.stop())

  describe(`how a client ends, over ${name}`, () => {
    it('peer sends Close(c, m): the code comes back, incoming ends normally, send rejects', async () => {
      const { session, peer } = await host.open()
      peer.send(CLOSE_4001_BYE)

      expect(maskedClose(await peer.read(8), 4001)).toBe(true)
      await expect(session.incoming.receive()).rejects.toBeInstanceOf(ClosedReceiveChannelError)
      await expect(session.send('late')).rejects.toBeInstanceOf(ClosedSendChannelError)
      peer.end()
      expect(await session.closed).toMatchObject({
        reason: new CloseReason(4001, 'bye'),
        initiator: 'remote',
        clean: true,
        cause: null,
      })
    })

    it('peer sends an empty Close: 1005', async () => {
      const { session, peer } = await host.open()
      peer.send('88 00')
      await peer.read(6)
      peer.end()

      expect(await session.closed).toMatchObject({ clean: true })
      expect((await session.closeReason).code).toBe(1005)
    })

    it('close(c, m): what was queued, then Close, and incoming goes on until the peer ends', async () => {
      const { session, peer } = await host.open()
      void session.send('hi')
      void session.close(new CloseReason(4001, 'bye'))
      await peer.read(8)
      expect(maskedClose(await peer.read(11), 4001)).toBe(true)
      peer.send('81 04 6c 61 73 74')
      const frame = await session.incoming.receive()
      peer.send('88 02 0f a1')
      peer.end()

      expect(Buffer.from(frame.buffer).toString()).toBe('last')
      expect(await session.closed).toMatchObject({ initiator: 'local', clean: true, cause: null })
    })

    it('an end without Close: 1006, and receive() rejects', async () => {
      const { session, peer } = await host.open()
      const receiving = session.incoming.receive()
      peer.end()

      await expect(receiving).rejects.toBeInstanceOf(ClosedReceiveChannelError)
      expect((await session.closeReason).code).toBe(1006)
      expect(await session.closed).toMatchObject({ clean: false })
    })

    it('a reset: 1006 with its cause', async () => {
      const { session, peer } = await host.open()
      peer.reset()

      expect((await session.closeReason).code).toBe(1006)
      expect(await session.closed).toMatchObject({ clean: false })
    })

    it('terminate(): 1006, and the peer sees its connection end', async () => {
      const { session, peer } = await host.open()
      session.terminate()

      expect((await session.closeReason).code).toBe(1006)
      expect(await peer.rest()).toBe('')
    })

    it('an abort of the signal: Close 1001', async () => {
      const abort = new AbortController()
      const { session, peer } = await host.open({ signal: abort.signal })
      abort.abort()

      expect(maskedClose(await peer.read(8), 1001)).toBe(true)
      peer.send('88 02 03 e9')
      peer.end()
      expect((await session.closeReason).code).toBe(1001)
    })

    it.each([
      ['a masked frame', '81 81 00 00 00 00 61', 1002, ProtocolViolationError],
      ['an unknown opcode', '83 00', 1002, ProtocolViolationError],
      ['text that is not UTF-8', '81 01 ff', 1007, ProtocolViolationError],
      ['a frame past the limit', '82 7e 04 00', 1009, FrameTooBigError],
    ])('%s: its Close, and incoming fails', async (_name, bytes, code, error) => {
      const { session, peer } = await host.open({ maxFrameSize: 1000 })
      peer.send(bytes)

      await expect(session.incoming.receive()).rejects.toBeInstanceOf(error)
      const closing = (await peer.rest()).split(' ')
      expect(maskedClose(closing.join(' '), code)).toBe(true)
      peer.end()
      expect((await session.closeReason).code).toBe(code)
    })

    it('bytes behind the Close of the peer are ignored', async () => {
      const { session, peer } = await host.open()
      peer.send(`${CLOSE_1000} 81 02 68 69`)
      await peer.read(8)
      peer.end()

      await expect(session.incoming.receive()).rejects.toBeInstanceOf(ClosedReceiveChannelError)
      expect(await session.closed).toMatchObject({ clean: true })
    })
  })
}
