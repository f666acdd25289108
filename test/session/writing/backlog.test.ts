import { describe, expect, it } from 'vitest'

import { Frame } from '../../../src/protocol/index.ts'
import { DefaultSession } from '../../support/bare-session.ts'
import { Gate } from '../../support/gate.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'
import { SETTINGS } from '../../support/session.ts'

function open() {
  const gate = new Gate()
  const session = new DefaultSession(gate, SETTINGS, memoryEnvironment(), {
    handlerFailed: () => {},
    limitReached: () => {},
    buffered: () => {},
    frameDropped: () => {},
    closed: () => {},
  })
  session.start()
  return { gate, session, write: session.core.write }
}

/** The answer to the heartbeat with the number 3. */
const ANSWER = Uint8Array.of(0x61)

describe('Backlog', () => {
  it('is made when something first has to wait', async () => {
    const { gate, session, write } = open()
    await session.send('a')
    await session.flush()
    write.control(10, Uint8Array.of())
    write.beat(ANSWER)
    await settled()
    expect(write.backlog).toBe(null)

    gate.shut = true
    await session.send('b')
    await settled()

    expect(write.backlog?.isBlocked).toBe(true)
  })

  it('writes control frames before the queue, and then the queue in order', async () => {
    const { gate, session, write } = open()
    gate.shut = true
    await session.send('a')
    await settled()
    await session.send('b')
    await session.send('c')
    write.control(10, Uint8Array.of(1))
    write.control(9, Uint8Array.of(2))

    gate.shut = false
    gate.drain()
    await settled()

    expect(gate.writes).toEqual(['81 01 61', '8a 01 01 89 01 02 81 01 62 81 01 63'])
  })

  it('an answer to a heartbeat waits for the end of the message that was begun', async () => {
    const { gate, session, write } = open()
    await session.send(new Frame.Text('a', { fin: false }))
    write.beat(ANSWER)
    await settled()
    expect(gate.writes).toEqual(['01 01 61'])

    await session.send(new Frame.Text('b'))
    await settled()

    expect(gate.writes).toEqual(['01 01 61', '80 01 62 81 01 61'])
  })

  it('an answer to a heartbeat waits for a message whose end is in the queue', async () => {
    const { gate, session, write } = open()
    gate.shut = true
    await session.send(new Frame.Text('a', { fin: false }))
    await settled()
    await session.send(new Frame.Text('b'))
    write.beat(ANSWER)

    gate.shut = false
    gate.drain()
    await settled()

    expect(gate.writes).toEqual(['01 01 61', '80 01 62 81 01 61'])
  })

  it('abandon() loses what waits, and ends the flushes', async () => {
    const { gate, session } = open()
    gate.shut = true
    await session.send('a')
    await settled()
    await session.send('b')
    const flushed = session.flush()
    expect(session.bufferedAmount).toBe(4)

    gate.close()
    await flushed

    expect(session.bufferedAmount).toBe(3) // the transport's own
    expect(gate.writes).toEqual(['81 01 61'])
  })
})
