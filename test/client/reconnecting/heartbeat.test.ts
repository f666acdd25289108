import { describe, expect, it } from 'vitest'

import { VirtualClock } from '../../../src/base/index.ts'
import { Heartbeat, type HeartbeatOwner } from '../../../src/client/reconnecting/heartbeat.ts'
import { Frame } from '../../../src/protocol/index.ts'
import { clientSession } from '../../support/client-session.ts'
import { settled } from '../../support/memory-world.ts'

const ANSWER = '\0towpath:pong:0'
const SETTINGS = { period: 20_000, timeout: 5_000 }

/** A clock whose timers may be late: what is asked of it in a sleep happens when that is over. */
class DrowsyClock extends VirtualClock {
  #slept = 0

  override now(): number {
    return super.now() + this.#slept
  }

  /** All timers are late by so much. */
  sleep(ms: number): void {
    this.#slept += ms
  }
}

function beating(isKnown = false) {
  const clock = new DrowsyClock()
  const asked: string[] = []
  const owner = {
    bufferedAmount: 0,
    hiddenAmount: 0,
    received: 0,
    silences: 0,
    isReadingStopped: false as boolean,
    outgoing: { trySend: (question: string) => asked.push(question) },
    listen: () => {},
    vanish() {
      owner.silences++
    },
  } satisfies HeartbeatOwner & { silences: number }
  const heartbeat = new Heartbeat(clock, SETTINGS, owner, isKnown)
  return { clock, asked, owner, heartbeat }
}

describe('Heartbeat', () => {
  it('asks at once, and knows the server by its answer', () => {
    const { asked, heartbeat } = beating()
    expect(asked).toEqual(['\0towpath:ping:0'])
    expect(heartbeat.state).toBe('unknown')

    heartbeat.heard()
    heartbeat.takes(ANSWER)

    expect(heartbeat.state).toBe('supported')
  })

  it('asks again when nothing has been heard for a period, with the next number', async () => {
    const { clock, asked, heartbeat } = beating()
    heartbeat.takes(ANSWER)

    await clock.advance(19_999)
    expect(asked).toHaveLength(1)
    await clock.advance(1)

    expect(asked).toEqual(['\0towpath:ping:0', '\0towpath:ping:1'])
  })

  it('asks nothing while there is other traffic', async () => {
    const { clock, asked, heartbeat } = beating()
    heartbeat.takes(ANSWER)

    for (let round = 0; round < 20; round++) {
      heartbeat.heard()
      await clock.advance(10_000)
    }

    expect(asked).toHaveLength(1)
  })

  it('waits while bytes of a message arrive that is not whole yet', async () => {
    const { clock, owner, heartbeat } = beating()
    heartbeat.takes(ANSWER)
    await clock.advance(20_000)
    for (let round = 0; round < 10; round++) {
      owner.received += 1
      await clock.advance(5_000)
    }
    expect(owner.silences).toBe(0)

    await clock.advance(5_000)

    expect(owner.silences).toBe(1)
  })

  it('waits for an upload that it cannot see, as long as 32 kB a second would take', async () => {
    const { clock, owner, heartbeat } = beating()
    heartbeat.takes(ANSWER)
    owner.hiddenAmount = 3_200_000
    owner.bufferedAmount = 3_200_000
    await clock.advance(20_000 + 99_999)
    expect(owner.silences).toBe(0)

    await clock.advance(1)

    expect(owner.silences).toBe(1)
  })

  it('takes silence for the end, of a server that has answered before', async () => {
    const { clock, owner, heartbeat } = beating()
    heartbeat.takes(ANSWER)

    await clock.advance(24_999)
    expect(owner.silences).toBe(0)
    await clock.advance(1)

    expect(owner.silences).toBe(1)
    expect(clock.pendingTimers).toBe(0)
  })

  it('takes silence for the end at once, of a server that has answered in an earlier session', async () => {
    const { clock, owner } = beating(true)

    await clock.advance(5_000)

    expect(owner.silences).toBe(1)
  })

  it('takes any traffic for life, of a server that has answered before', async () => {
    const { clock, owner, heartbeat } = beating()
    heartbeat.takes(ANSWER)
    await clock.advance(20_000)

    heartbeat.heard()
    await clock.advance(10_000)

    expect(owner.silences).toBe(0)
    expect(heartbeat.state).toBe('supported')
  })

  it('leaves a server alone that sends other things and no answer', async () => {
    const { clock, asked, owner, heartbeat } = beating()

    heartbeat.heard()
    await clock.advance({ hours: 1 })

    expect(heartbeat.state).toBe('unsupported')
    expect(asked).toHaveLength(1)
    expect(owner.silences).toBe(0)
    heartbeat.ask()
    expect(asked).toHaveLength(1)
  })

  it('leaves a silent server alone that has never answered, after three questions', async () => {
    const { clock, asked, owner, heartbeat } = beating()

    await clock.advance({ hours: 1 })

    expect(heartbeat.state).toBe('unsupported')
    expect(asked).toHaveLength(3)
    expect(owner.silences).toBe(0)
  })

  it('begins again when an answer comes late', async () => {
    const { clock, asked, owner, heartbeat } = beating()
    heartbeat.heard()
    await clock.advance(60_000)

    heartbeat.takes(ANSWER)
    await clock.advance(25_000)

    expect(asked).toHaveLength(2)
    expect(owner.silences).toBe(1)
  })

  it('does not take its own sleep for silence: it asks again, and waits for all of the timeout', async () => {
    const { clock, asked, owner, heartbeat } = beating()
    heartbeat.takes(ANSWER)
    await clock.advance(20_000)
    expect(asked).toHaveLength(2)

    clock.sleep(3_600_000)
    await clock.advance(5_000)
    expect(asked).toHaveLength(3)
    expect(owner.silences).toBe(0)
    await clock.advance(4_999)
    expect(owner.silences).toBe(0)
    await clock.advance(1)

    expect(owner.silences).toBe(1)
  })

  it('goes on after a sleep when there is an answer', async () => {
    const { clock, owner, heartbeat } = beating()
    heartbeat.takes(ANSWER)
    await clock.advance(20_000)

    clock.sleep(3_600_000)
    await clock.advance(5_000)
    heartbeat.takes(ANSWER)
    await clock.advance(20_000)

    expect(owner.silences).toBe(0)
    expect(heartbeat.state).toBe('supported')
  })

  it('finds silence at the fourth time with timers that are always late', async () => {
    const { clock, asked, owner, heartbeat } = beating()
    heartbeat.takes(ANSWER)
    await clock.advance(20_000)

    for (let round = 0; round < 3; round++) {
      clock.sleep(55_000)
      await clock.advance(5_000)
      expect(owner.silences).toBe(0)
    }
    clock.sleep(55_000)
    await clock.advance(5_000)

    expect(owner.silences).toBe(1)
    expect(asked).toHaveLength(5)
  })

  it('waits while what is sent goes on being taken, and no longer', async () => {
    const { clock, owner, heartbeat } = beating()
    heartbeat.takes(ANSWER)
    owner.bufferedAmount = 1_000
    await clock.advance(20_000)

    for (let bytes = 900; bytes >= 500; bytes -= 100) {
      owner.bufferedAmount = bytes
      await clock.advance(5_000)
    }
    expect(owner.silences).toBe(0)
    await clock.advance(5_000)

    expect(owner.silences).toBe(1)
  })

  it('judges nothing while reading is stopped', async () => {
    const { clock, owner, heartbeat } = beating()
    heartbeat.takes(ANSWER)
    owner.isReadingStopped = true
    await clock.advance({ minutes: 10 })
    expect(owner.silences).toBe(0)

    owner.isReadingStopped = false
    heartbeat.readingResumed()
    await clock.advance(4_999)
    expect(owner.silences).toBe(0)
    await clock.advance(1)

    expect(owner.silences).toBe(1)
  })

  it('asks when it is told to, whatever the time is', async () => {
    const { clock, asked, owner, heartbeat } = beating()
    heartbeat.takes(ANSWER)
    await clock.advance(1_000)

    heartbeat.ask()
    expect(asked).toHaveLength(2)
    await clock.advance(5_000)

    expect(owner.silences).toBe(1)
  })

  it('does nothing when it is over', async () => {
    const { clock, asked, owner, heartbeat } = beating()
    heartbeat.takes(ANSWER)

    heartbeat.stop()
    heartbeat.ask()
    heartbeat.takes(ANSWER)
    await clock.advance({ hours: 1 })

    expect(asked).toHaveLength(1)
    expect(owner.silences).toBe(0)
    expect(clock.pendingTimers).toBe(0)
    expect(heartbeat.state).toBe('supported')
  })
})

/** A client with a heartbeat, and a server that answers, or shows its handler the questions. */
function beatingSession({ answers = true, isKnown = false } = {}) {
  const world = clientSession(undefined, {}, { answerHeartbeats: answers, writeTimeout: null })
  const questions: string[] = []
  void world.server.incoming.consumeEach((frame) => {
    if (frame instanceof Frame.Text) questions.push(frame.readText())
  })
  const heartbeat = new Heartbeat(world.clock, SETTINGS, world.session, isKnown)
  void world.session.closeReason.then(() => heartbeat.stop())
  return { ...world, heartbeat, questions }
}

describe('a heartbeat over a session', () => {
  it('asks at once, and shows no answers', async () => {
    const { session, server, heartbeat, questions } = beatingSession()
    await settled()
    await server.send('hello')
    await server.send('\0towpath:pong:nonsense')

    expect(questions).toEqual([])
    expect(heartbeat.state).toBe('supported')
    expect(await session.incoming.receive()).toMatchObject({ frameType: 1 })
    expect(await session.incoming.receive()).toMatchObject({ frameType: 1 })
    expect(session.incoming.tryReceive().type).toBe('empty')
  })

  it('does not take a message that is still arriving for silence', async () => {
    const { session, server, clock } = beatingSession()
    await settled()
    for (let round = 0; round < 10; round++) {
      await server.send(new Frame.Binary(new Uint8Array(10), { fin: false }))
      await clock.advance(5_000)
    }
    await server.send(new Frame.Binary(new Uint8Array(10)))
    await settled()

    expect(session.signal.aborted).toBe(false)
    expect((await session.incoming.receive()).buffer).toHaveLength(110)
  })

  it('ends at once when the server falls silent, and lets the session go', async () => {
    const { session, link, clock } = beatingSession()
    const task = session.launch((signal) => signal)
    await settled()
    link.cut()

    await clock.advance(25_000)

    const info = await session.closed
    expect(info).toMatchObject({
      reason: { code: 1006 },
      initiator: 'local',
      remote: null,
      clean: false,
      cause: { code: 'TOWPATH_PING_TIMEOUT', timeoutMs: 5_000 },
    })
    expect((await session.closeReason).code).toBe(1006)
    expect(session.signal.aborted).toBe(true)
    await expect(session.incoming.receive()).rejects.toBe(info.cause)
    await expect(session.send('x')).rejects.toMatchObject({ code: 'TOWPATH_CLOSED_SEND_CHANNEL' })
    expect((await task).aborted).toBe(true)
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends as the session does, when that ends', async () => {
    const { session, server, clock } = beatingSession()
    await settled()
    await server.send('last')
    await server.close()

    expect(await session.incoming.toArray()).toHaveLength(1)
    expect((await session.closeReason).code).toBe(1000)
    expect(await session.closed).toMatchObject({ initiator: 'remote', clean: true, cause: null })
    expect(session.signal.aborted).toBe(true)
    expect(clock.pendingTimers).toBe(0)
  })

  it('fails as the session does', async () => {
    const { session } = beatingSession()
    // The first answer is larger than that.
    Object.assign(session, { maxFrameSize: 1 })

    await settled()

    expect(session.incoming.isClosedForReceive).toBe(true)
    await expect(session.incoming.receive()).rejects.toMatchObject({
      code: 'TOWPATH_FRAME_TOO_BIG',
    })
  })

  it('leaves a server alone that does not know heartbeats', async () => {
    const { session, server, heartbeat, questions, clock } = beatingSession({ answers: false })
    await settled()
    await server.send('hello')

    await clock.advance({ hours: 1 })

    expect(heartbeat.state).toBe('unsupported')
    expect(questions).toEqual(['\0towpath:ping:0'])
    expect(session.signal.aborted).toBe(false)
  })

  it('judges nothing while a slow reader keeps the session from reading', async () => {
    const { session, server, link, clock } = beatingSession()
    await settled()
    const sent = Array.from({ length: 200 }, () => server.send(new Uint8Array(20_000)))
    await clock.advance({ seconds: 10 })
    expect(session.isReadingStopped).toBe(true)

    await clock.advance({ minutes: 5 })

    expect(session.signal.aborted).toBe(false)
    let count = 0
    const consumed = session.incoming.consumeEach(() => count++)
    await clock.advance({ minutes: 5 })
    await Promise.all(sent)
    expect(count).toBe(200)
    expect(session.signal.aborted).toBe(false)
    link.cut()
    await Promise.all([
      clock.advance({ minutes: 1 }),
      expect(consumed).rejects.toMatchObject({ code: 'TOWPATH_PING_TIMEOUT' }),
    ])
  })

  it('ends a session whose reader is blocked when the network is half-open', async () => {
    const { session, server, link, clock } = beatingSession()
    await settled()
    for (let index = 0; index < 100; index++) await server.send('x')
    await clock.advance({ minutes: 5 })
    expect(session.signal.aborted).toBe(false)

    link.cut()
    await clock.advance({ minutes: 1 })

    expect((await session.closed).cause).toMatchObject({ code: 'TOWPATH_PING_TIMEOUT' })
    // What had arrived can still be read.
    expect(await session.incoming.receive()).toMatchObject({ frameType: 1 })
  })

  it('judges nothing once the session is closing, which has a deadline of its own', async () => {
    const { session, heartbeat, link, clock } = beatingSession()
    await settled()
    link.cut()
    heartbeat.ask()

    void session.close()
    await clock.advance(9_999)
    expect(session.signal.aborted).toBe(false)
    // The deadline of the session lets what has arrived be read first.
    await clock.advance(20_000)

    expect((await session.closed).reason.code).toBe(1000)
  })

  it('goes on beating when nobody wants to receive', async () => {
    const { session, server, link, heartbeat, clock } = beatingSession()
    session.incoming.cancel()
    for (let index = 0; index < 200; index++) await server.send('x')
    await clock.advance({ minutes: 1 })
    expect(heartbeat.state).toBe('supported')
    expect(session.signal.aborted).toBe(false)

    link.cut()
    await clock.advance({ minutes: 1 })

    expect(session.signal.aborted).toBe(true)
  })

  it('takes silence for the end at once, of a server that is known', async () => {
    const { session, link, clock } = beatingSession({ isKnown: true })
    link.cut()

    await clock.advance(5_000)

    expect((await session.closed).cause).toMatchObject({ code: 'TOWPATH_PING_TIMEOUT' })
  })
})
