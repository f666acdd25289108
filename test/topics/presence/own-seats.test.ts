import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CloseReason } from '../../../src/index.ts'
import { Deferred } from '../../../src/base/internal.ts'
import type { WebSocketSession } from '../../../src/session/index.ts'
import { KeyClaim } from '../../../src/topics/presence/held-key.ts'
import { OwnSeats } from '../../../src/topics/presence/own-seats.ts'
import type { PresenceNodes } from '../../../src/topics/presence/presence-nodes.ts'
import type { Seat } from '../../../src/topics/index.ts'
import {
  createTestEnvironment,
  type TestEnvironment,
} from '../../../src/testing/test-environment.ts'

const GRACE_MS = 10_000

let environment: TestEnvironment
let seats: OwnSeats
let changed: string[]
let failures: unknown[]

beforeEach(() => {
  environment = createTestEnvironment(1)
  ;[changed, failures] = [[], []]
  let stamp = 0
  const nodes = { id: 'own', nextStamp: () => ++stamp } as unknown as PresenceNodes // what seats use
  seats = new OwnSeats(
    {
      timers: environment.timers,
      graceMs: GRACE_MS,
      nodes,
      failed: (error) => failures.push(error),
    },
    (key) => changed.push(key),
  )
})

afterEach(() => seats.end())

/** A session as seats use it. */
class Session {
  readonly #reason = new Deferred<CloseReason>()
  readonly closeReason = this.#reason.promise
  readonly closedWith: CloseReason[] = []

  close(reason: CloseReason): Promise<void> {
    this.closedWith.push(reason)
    return this.end(reason.code)
  }

  async end(code: number): Promise<void> {
    this.#reason.resolve(new CloseReason(code))
    await environment.clock.advance(0)
  }
}

function join(
  session: Session,
  meta: unknown = null,
  reserved: { claim?: KeyClaim | undefined; lost?: () => void } = {},
): Seat<unknown> {
  const { claim = null, lost } = reserved
  const check = (next: unknown): void => {
    if (next === 'invalid') throw new TypeError('Cannot use the meta')
  }
  const joining = { session: session as unknown as WebSocketSession, key: 'ada', meta, check }
  return seats.join({ ...joining, claim, lost })
}

const metaOf = (key: string): unknown => seats.table.saidOf(key)?.meta ?? null

describe('OwnSeats', () => {
  it('T-45 a key has joined with its first seat, changes, and has left with its last', () => {
    const first = join(new Session(), 'Ada')
    const second = join(new Session(), 'Ada')
    second.update('Ada Lovelace')
    first.leave()
    first.leave()
    expect([changed, metaOf('ada')]).toEqual([['ada', 'ada'], 'Ada Lovelace'])
    second.leave()

    expect([changed, seats.table.size]).toEqual([['ada', 'ada', 'ada'], 0])
  })

  it('T-46 a connection that breaks counts for the grace, one that closes with 1000 does not', async () => {
    const [broken, closed] = [new Session(), new Session()]
    join(broken)
    await broken.end(1006)
    await environment.clock.advance(GRACE_MS - 1)
    expect(seats.table.size).toBe(1)
    await environment.clock.advance(1)
    expect(seats.table.size).toBe(0)

    join(closed)
    await closed.end(1000)

    expect([seats.table.size, environment.timers.size]).toEqual([0, 0])
  })

  it('T-46 a connection that leaves does not count, however it ends later', async () => {
    const session = new Session()
    const seat = join(session)
    await seat[Symbol.asyncDispose]()
    await session.end(1006)

    expect([seats.table.size, environment.timers.size]).toEqual([0, 0])
  })

  it('T-47 a seat that comes within the grace replaces the one whose connection has broken', async () => {
    const broken = new Session()
    join(broken, 'Ada')
    await broken.end(1006)
    const seat = join(new Session(), 'Ada')
    expect([changed, environment.timers.size]).toEqual([['ada'], 0])
    seat.leave()

    expect(seats.table.size).toBe(0)
  })

  it('an update is checked first, and ignored after the seat has ended', () => {
    const seat = join(new Session(), 'Ada')
    expect(() => seat.update('invalid')).toThrow(TypeError)
    expect(metaOf('ada')).toBe('Ada')
    seat.leave()
    seat.update('late')

    expect(seats.table.size).toBe(0)
  })

  it('T-60 gives the key back when the seat ends, and only then', async () => {
    let releases = 0
    const session = new Session()
    join(session, null, { claim: new KeyClaim(() => releases++) })
    await session.end(1006)
    await environment.clock.advance(GRACE_MS - 1)
    expect(releases).toBe(0)
    await environment.clock.advance(1)

    expect(releases).toBe(1)
  })

  it('T-61 a seat that lost its key ends, and its session is closed with 4103 or told', () => {
    const claims = [new KeyClaim(() => {}), new KeyClaim(() => {})]
    const [closed, told] = [new Session(), new Session()]
    let losses = 0
    join(closed, null, { claim: claims[0] })
    join(told, null, { claim: claims[1], lost: () => losses++ })
    for (const claim of claims) claim.lose()

    expect(seats.table.size).toBe(0)
    expect(closed.closedWith).toEqual([new CloseReason(4103, 'Key taken')])
    expect([told.closedWith, losses]).toEqual([[], 1])
  })

  it('T-61 a loss ends the grace of a broken connection, and nobody is told', async () => {
    const claim = new KeyClaim(() => {})
    const session = new Session()
    let losses = 0
    join(session, null, { claim, lost: () => losses++ })
    await session.end(1006)
    claim.lose()

    expect([seats.table.size, losses, environment.timers.size]).toEqual([0, 0, 0])
  })

  it.each([
    [
      'throws',
      (error: Error): never => {
        throw error
      },
    ],
    ['rejects', (error: Error) => Promise.reject(error)],
  ])('reports a function for a lost key that %s', async (_way, fail) => {
    const bug = new Error('a bug')
    const claim = new KeyClaim(() => {})
    join(new Session(), null, { claim, lost: () => fail(bug) as never })
    claim.lose()
    await environment.clock.advance(0)

    expect(failures).toEqual([bug])
  })
})
