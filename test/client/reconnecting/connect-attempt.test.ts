import { describe, expect, it } from 'vitest'

import { VirtualClock } from '../../../src/base/index.ts'
import { asError, Deferred, rejected } from '../../../src/base/internal.ts'
import {
  type HeartbeatSession,
  ConnectAttempt,
  drop,
  type SessionSource,
} from '../../../src/client/reconnecting/connect-attempt.ts'
import type { ClientSession } from '../../../src/client/index.ts'
import {
  type ReconnectingOptions,
  readReconnecting,
} from '../../../src/client/reconnecting/reconnect-options.ts'
import { CloseReason } from '../../../src/protocol/index.ts'
import { clientSession } from '../../support/client-session.ts'
import { settled } from '../../support/memory-world.ts'

const FACTS = { attempt: 1, isReconnect: false }
const never = new Deferred<never>().promise

function attempt(
  source: SessionSource<ClientSession>,
  options: ReconnectingOptions = {},
  opened: (session: ClientSession) => void = () => {},
) {
  const clock = new VirtualClock({ settle: settled })
  const leave = new AbortController()
  const settings = readReconnecting(options)
  const outcome = new ConnectAttempt(source, settings, opened).run(clock, FACTS, leave.signal)
  return { clock, leave, outcome }
}

const opening = (session: HeartbeatSession<ClientSession>): SessionSource<ClientSession> => ({
  prepare: () => Promise.resolve(() => Promise.resolve(session)),
})

describe('ConnectAttempt', () => {
  it('opens a session, tells of it and runs opened() on it', async () => {
    const { session } = clientSession()
    const seen: unknown[] = []

    const { outcome, clock } = attempt(
      opening(session),
      { opened: (...given) => void seen.push(...given) },
      (given) => void seen.push(given),
    )

    expect(await outcome).toEqual({ type: 'opened', session })
    expect(seen).toEqual([session, session, { ...FACTS, signal: expect.any(AbortSignal) }])
    expect(clock.pendingTimers).toBe(0)
  })

  it('tells a mistake of the opener from failures', async () => {
    const source = (error: unknown, isPreparing = false): SessionSource<ClientSession> => ({
      prepare: () =>
        isPreparing
          ? Promise.reject(asError(error, 'the attempt'))
          : Promise.resolve(() => Promise.reject(asError(error, 'the attempt'))),
    })
    const mistake = new RangeError('no such port')

    expect(await attempt(source(mistake)).outcome).toEqual({
      type: 'failed',
      setback: { info: null, error: mistake },
      isMistake: true,
    })
    expect(await attempt(source(mistake, true)).outcome).toMatchObject({ isMistake: false })
    expect(await attempt(source(new Error('no'))).outcome).toMatchObject({ isMistake: false })
  })

  it('fires the signal of everybody who works on it at the deadline', async () => {
    const signals: AbortSignal[] = []
    const { outcome, clock } = attempt(
      {
        prepare: (signal) => {
          signals.push(signal)
          return Promise.resolve((other) => {
            signals.push(other)
            return never
          })
        },
      },
      { attemptTimeout: { milliseconds: 500 } },
    )

    await clock.advance(500)

    expect(await outcome).toMatchObject({
      type: 'failed',
      setback: {
        info: null,
        error: { step: 'handshake', message: expect.stringContaining('attemptTimeout (500 ms)') },
      },
    })
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
  })

  it.each<[string, SessionSource<ClientSession>]>([
    ['url', { prepare: () => never }],
    [
      'renew',
      {
        prepare: (_, entered) => {
          entered('renew')
          return never
        },
      },
    ],
    ['opened', opening(clientSession().session)],
  ])('says which function of the caller did not finish: %s', async (step, source) => {
    const { outcome, clock } = attempt(source, {
      attemptTimeout: { milliseconds: 500 },
      opened: () => never,
    })

    await clock.advance(500)

    expect(await outcome).toMatchObject({
      setback: {
        error: {
          code: 'TOWPATH_CONNECT',
          step,
          message: `Cannot open WebSocket: the function "${step}" did not finish within attemptTimeout (500 ms) (step: ${step})`,
        },
      },
    })
  })

  it('comes to its end at once when it is left, before it has begun too', async () => {
    const early = attempt({ prepare: () => never })
    early.leave.abort(new Error('enough'))
    const { session } = clientSession()
    const late = attempt(opening(session), { opened: () => never })
    await settled()
    late.leave.abort(new Error('enough'))

    for (const { outcome } of [early, late]) {
      expect(await outcome).toMatchObject({ setback: { error: { message: 'enough' } } })
    }
    expect((await session.closeReason).code).toBe(1000)
  })

  it('drops a session that comes when nobody waits for it any more', async () => {
    const { session } = clientSession()
    const late = new Deferred<HeartbeatSession<ClientSession>>()
    const { leave, outcome } = attempt({ prepare: () => Promise.resolve(() => late.promise) })
    await settled()
    leave.abort(new Error('enough'))
    await outcome

    late.resolve(session)

    expect((await session.closeReason).code).toBe(1000)
  })

  it('waits for how a session ended that was ending when opened() failed, up to the deadline', async () => {
    const { session, server } = clientSession()
    const { outcome } = attempt(opening(session), {
      opened: async () => {
        await server.close(new CloseReason(4401))
        await session.incoming.receive()
      },
    })
    expect(await outcome).toMatchObject({
      setback: {
        info: { reason: { code: 4401 }, initiator: 'remote' },
        error: { code: 'TOWPATH_CLOSED_RECEIVE_CHANNEL' },
      },
    })

    const stuck = clientSession()
    const slow = attempt(opening(stuck.session), {
      attemptTimeout: { milliseconds: 500 },
      opened: async () => {
        stuck.link.cut()
        await stuck.session.close()
        throw new Error('no')
      },
    })
    await slow.clock.advance(500)
    expect(await slow.outcome).toMatchObject({ setback: { info: null, error: { message: 'no' } } })
  })

  it('is over when its session is, whatever opened() waits for', async () => {
    const { session, server } = clientSession()
    const { outcome } = attempt(opening(session), { opened: () => never })
    await settled()

    server.terminate()

    expect(await outcome).toMatchObject({
      setback: { info: { reason: { code: 1006 } }, error: null },
    })
  })

  it('takes what is no Error for one', async () => {
    const { session } = clientSession()
    const { outcome } = attempt(opening(session), {
      opened: () => rejected('because'),
    })

    expect(await outcome).toMatchObject({ setback: { error: { name: 'TypeError' } } })
  })
})

describe('drop()', () => {
  it('closes a session, and wants nothing more from it', async () => {
    const { session, server } = clientSession()

    drop(session)
    await settled()

    expect(session.incoming.isClosedForReceive).toBe(true)
    expect((await server.closeReason).code).toBe(1000)
  })
})
