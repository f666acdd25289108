import { describe, expect, it } from 'vitest'
import { CloseReason, ProtocolViolationError } from '../../src/index.ts'
import { withTestApplication } from '../../src/testing/index.ts'
import { hex, toHex } from '../support/bytes.ts'
import { echo, serving } from './applications.ts'

describe('BytePeer', () => {
  it('writes bytes as they are, and reads what comes back', async () => {
    await withTestApplication(echo, async (t) => {
      const peer = await t.connectBytes('/')

      peer.write(hex('81 82 00 00 00 00 68 69'))

      expect(toHex(await peer.read(4))).toBe('81 02 68 69')
    })
  })

  it('lets a test break the protocol, and see the answer', async () => {
    const causes: unknown[] = []
    await withTestApplication(echo, async (t) => {
      t.application.monitor.on('sessionClosed', ({ info }) => causes.push(info.reason, info.cause))
      const peer = await t.connectBytes('/')

      peer.write(hex('83 80 00 00 00 00'))

      expect(toHex(await peer.readToEnd())).toBe('88 02 03 ea')
      peer.end()
      expect(await peer.closed).toBe(null)
    })
    expect(causes).toEqual([new CloseReason(1002), expect.any(ProtocolViolationError)])
  })

  it('read() gives exactly what is asked for, however it arrives', async () => {
    await withTestApplication(
      serving(({ send }) => send('0123456789')),
      async (t) => {
        t.network.cut(3)
        const peer = await t.connectBytes('/')

        expect(toHex(await peer.read(2))).toBe('81 0a')
        expect(toHex(await peer.read(0))).toBe('')
        expect(new TextDecoder().decode(await peer.read(7))).toBe('0123456')
        expect(new TextDecoder().decode(await peer.read(3))).toBe('789')
      },
    )
  })

  it('read() gives less at the end', async () => {
    await withTestApplication(
      serving(() => {}),
      async (t) => {
        const peer = await t.connectBytes('/')
        peer.write(hex('88 82 00 00 00 00 03 e8'))

        expect(toHex(await peer.read(100))).toBe('88 02 03 e8')
        expect(toHex(await peer.read(1))).toBe('')
      },
    )
  })

  it('end() sends FIN: the session ends with 1006', async () => {
    await withTestApplication(echo, async (t) => {
      const reasons: CloseReason[] = []
      t.application.monitor.on('sessionClosed', ({ info }) => reasons.push(info.reason))
      const peer = await t.connectBytes('/')

      peer.end()

      expect(toHex(await peer.readToEnd())).toBe('')
      await t.settle()
      expect(reasons).toEqual([new CloseReason(1006)])
    })
  })

  it('closed tells a reset', async () => {
    await withTestApplication(
      serving(({ terminate, closed }) => {
        terminate()
        return closed.then(() => {})
      }),
      async (t) => {
        const peer = await t.connectBytes('/')

        expect(await peer.closed).toMatchObject({ code: 'ECONNRESET' })
      },
    )
  })

  it('write() copies: the bytes may be changed afterwards', async () => {
    await withTestApplication(echo, async (t) => {
      const peer = await t.connectBytes('/')
      const bytes = hex('81 82 00 00 00 00 68 69')

      peer.write(bytes)
      bytes.fill(0)
      peer.write(new Uint8Array(0))

      expect(toHex(await peer.read(4))).toBe('81 02 68 69')
    })
  })
})
