import { describe, expect, it } from 'vitest'

import { CloseReason, Frame } from '../../../src/protocol/index.ts'
import { Outgoing } from '../../../src/session/core/outgoing.ts'
import { rawSession } from '../../support/session.ts'

function open() {
  const opened = rawSession()
  return { ...opened, outgoing: new Outgoing(opened.session.connection) }
}

describe('Outgoing', () => {
  it('S-26 send() and trySend() go the way of the session, in order', async () => {
    const { outgoing, session, peer } = open()

    void outgoing.send('a')
    void session.send('b')
    expect(outgoing.trySend(new Frame.Text('c'))).toBe('sent')

    expect(await peer.read(9)).toBe('81 01 61 81 01 62 81 01 63')
  })

  it('close() closes the session with 1000, and only the first call says so', async () => {
    const { outgoing, session, peer } = open()
    expect(outgoing.isClosedForSend).toBe(false)

    expect(outgoing.close()).toBe(true)

    expect(outgoing.close()).toBe(false)
    expect(outgoing.isClosedForSend).toBe(true)
    expect(await session.closeReason).toEqual(new CloseReason(1000))
    expect(await peer.read(4)).toBe('88 02 03 e8')
  })

  it('close(cause) closes the session with 1011, and keeps the cause for ourselves', async () => {
    const { outgoing, session, peer } = open()
    const cause = new Error('the database is gone')

    expect(outgoing.close(cause)).toBe(true)
    expect(await peer.read(4)).toBe('88 02 03 f3')
    peer.close(1011)
    peer.end()

    expect((await session.closed).cause).toBe(cause)
  })

  it('send() rejects and trySend() says closed once the session is closed', async () => {
    const { outgoing, session } = open()
    void session.close()

    await expect(outgoing.send('a')).rejects.toMatchObject({ value: 'a' })
    expect(outgoing.trySend('a')).toBe('closed')
    expect(outgoing.close()).toBe(false)
  })

  it('writable() is a stream of what to send, and closes the session at its end', async () => {
    const { outgoing, peer } = open()
    const writer = outgoing.writable().getWriter()

    await writer.write('a')
    await writer.close()

    expect(await peer.read(7)).toBe('81 01 61 88 02 03 e8')
  })
})
