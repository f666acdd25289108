import { describe, expect, it } from 'vitest'

import { VirtualClock } from '../../../src/base/index.ts'
import {
  Heartbeat,
  type HeartbeatOptions,
  type HeartbeatOwner,
  readHeartbeat,
} from '../../../src/client/reconnecting/heartbeat.ts'

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
    ask: (question: string) => void asked.push(question),
    silent() {
      owner.silences++
    },
  } satisfies HeartbeatOwner & { silences: number }
  const heartbeat = new Heartbeat(clock, SETTINGS, owner, isKnown)
  heartbeat.ask()
  return { clock, asked, owner, heartbeat }
}

describe('Heartbeat', () => {
  it('asks at once, and knows the server by its answer', () => {
    const { asked, heartbeat } = beating()
    expect(asked).toEqual(['\0towpath:ping:0'])
    expect(heartbeat.state).toBe('unknown')

    heartbeat.heard()
    heartbeat.answered()

    expect(heartbeat.state).toBe('supported')
  })

  it('asks again when nothing has been heard for a period, with the next number', async () => {
    const { clock, asked, heartbeat } = beating()
    heartbeat.answered()

    await clock.advance(19_999)
    expect(asked).toHaveLength(1)
    await clock.advance(1)

    expect(asked).toEqual(['\0towpath:ping:0', '\0towpath:ping:1'])
  })

  it('asks nothing while there is other traffic', async () => {
    const { clock, asked, heartbeat } = beating()
    heartbeat.answered()

    for (let round = 0; round < 20; round++) {
      heartbeat.heard()
      await clock.advance(10_000)
    }

    expect(asked).toHaveLength(1)
  })

  it('waits while bytes of a message arrive that is not whole yet', async () => {
    const { clock, owner, heartbeat } = beating()
    heartbeat.answered()
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
    heartbeat.answered()
    owner.hiddenAmount = 3_200_000
    owner.bufferedAmount = 3_200_000
    await clock.advance(20_000 + 99_999)
    expect(owner.silences).toBe(0)

    await clock.advance(1)

    expect(owner.silences).toBe(1)
  })

  it('takes silence for the end, of a server that has answered before', async () => {
    const { clock, owner, heartbeat } = beating()
    heartbeat.answered()

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
    heartbeat.answered()
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

    heartbeat.answered()
    await clock.advance(25_000)

    expect(asked).toHaveLength(2)
    expect(owner.silences).toBe(1)
  })

  it('does not take its own sleep for silence: it asks again, and waits for all of the timeout', async () => {
    const { clock, asked, owner, heartbeat } = beating()
    heartbeat.answered()
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
    heartbeat.answered()
    await clock.advance(20_000)

    clock.sleep(3_600_000)
    await clock.advance(5_000)
    heartbeat.answered()
    await clock.advance(20_000)

    expect(owner.silences).toBe(0)
    expect(heartbeat.state).toBe('supported')
  })

  it('finds silence at the fourth time with timers that are always late', async () => {
    const { clock, asked, owner, heartbeat } = beating()
    heartbeat.answered()
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
    heartbeat.answered()
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

  it('judges nothing while the reader is slow', async () => {
    const { clock, owner, heartbeat } = beating()
    heartbeat.answered()
    heartbeat.isBlind = true
    await clock.advance({ minutes: 10 })
    expect(owner.silences).toBe(0)

    heartbeat.isBlind = false
    heartbeat.heard()
    await clock.advance(5_000)
    expect(owner.silences).toBe(0)
    await clock.advance(25_000)

    expect(owner.silences).toBe(1)
  })

  it('asks when it is told to, whatever the time is', async () => {
    const { clock, asked, owner, heartbeat } = beating()
    heartbeat.answered()
    await clock.advance(1_000)

    heartbeat.ask()
    expect(asked).toHaveLength(2)
    await clock.advance(5_000)

    expect(owner.silences).toBe(1)
  })

  it('does nothing when it is over', async () => {
    const { clock, asked, owner, heartbeat } = beating()
    heartbeat.answered()

    heartbeat.stop()
    heartbeat.ask()
    heartbeat.answered()
    await clock.advance({ hours: 1 })

    expect(asked).toHaveLength(1)
    expect(owner.silences).toBe(0)
    expect(clock.pendingTimers).toBe(0)
    expect(heartbeat.state).toBe('supported')
  })
})

describe('readHeartbeat()', () => {
  it('is off unless it is asked for', () => {
    expect(readHeartbeat('connect', undefined)).toBeNull()
    expect(readHeartbeat('connect', null)).toBeNull()
  })

  it('has a period of 25 seconds and a timeout of 10', () => {
    expect(readHeartbeat('connect', {})).toEqual({ period: 25_000, timeout: 10_000 })
    expect(
      readHeartbeat('connect', { period: { minutes: 1 }, timeout: { milliseconds: 500 } }),
    ).toEqual({
      period: 60_000,
      timeout: 500,
    })
  })

  it.each<[unknown, string]>([
    [{ periode: 1 }, 'unknown option "heartbeat.periode", expected "heartbeat.period"'],
    [{ period: 0 }, 'option "heartbeat.period" is 0, expected a duration above 0'],
    [true, 'option "heartbeat" is a boolean, expected an object'],
  ])('refuses %j', (options, message) => {
    expect(() => readHeartbeat('connect', options as HeartbeatOptions)).toThrow(message)
  })
})
