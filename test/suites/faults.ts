/**
 * Network faults at every stage of a session, in virtual time: how and when the session ends, that
 * its handler returns, that nothing is left, and that other sessions are not affected.
 */

import { describe, expect, it } from 'vitest'
import type { WebSocketsOptions } from '../../src/index.ts'
import { PIPE_CAPACITY_BYTES } from '../../src/engines/memory/memory-pipe.ts'
import { toHex } from '../support/bytes.ts'
import { CARELESS } from '../support/faulted-handler.ts'
import { FaultWorld, NOTHING_LEFT } from '../support/fault-world.ts'
import { clientClose, clientFrame } from '../support/peer.ts'

/** A moment in which a fault may strike. */
export interface Moment {
  readonly name: string
  readonly kind: MomentKind
  /** What the client has sent by then, beyond what the kind of moment wants. */
  readonly sent: Uint8Array
  /** What the client would send next. */
  readonly rest: Uint8Array
  /** What the server answers to both together, as hex; `''` where it ends the session. */
  readonly answer: string
}

/**
 * `open`: the client is sending. `blocked`: the handler waits for room, because the client does not
 * read. `our close`: the client has our Close frame. `their close`: the client has the answer to
 * its own, and our FIN. `queued`: a Close frame of ours waits behind data that the client does not
 * read.
 */
export type MomentKind =
  | 'open'
  | 'blocked'
  | 'our close'
  | 'our close, queued'
  | 'their close'
  | 'their close, queued'

/** What can go wrong. */
interface Fault {
  strike(world: FaultWorld, moment: Moment): Promise<void> | void
  /** Milliseconds until the fault is over. The client then continues as if nothing had happened. */
  readonly lasts: number
  heal?(world: FaultWorld): void
  /** The client sends what comes next in spite of the fault, and not after it. */
  readonly sendsRest?: true
}

/** How a session ends, and how many milliseconds after the fault. */
interface Ended {
  readonly code: number
  readonly clean: boolean
  readonly cause: string | null
  readonly at: number
}

const LIVES_ON = 'lives on'
type Outcome = Ended | typeof LIVES_ON

/** Longer than any limit that is on by default. */
const HOUR = 3_600_000

const NOTHING = new Uint8Array(0)
const TEXT_8 = clientFrame('text', 'x'.repeat(126)) // header: 2 + 2 (length of 16 bits) + 4 (mask)
const BINARY_14 = clientFrame('binary', new Uint8Array(65_536)) // 2 + 8 (length of 64 bits) + 4
const UMLAUTS = clientFrame('text', 'äöü')
const FIRST_HALF = clientFrame('text', 'ab', { fin: false })
const OTHER_HALF = clientFrame('continuation', 'cd')
const CLOSE = clientClose(4001)

const ECHO_TEXT = `81 7e 00 7e${' 78'.repeat(126)}`
const ECHO_BINARY = `82 7f 00 00 00 00 00 01 00 00${' 00'.repeat(65_536)}`
const ECHO_UMLAUTS = '81 06 c3 a4 c3 b6 c3 bc'
const ECHO_HALVES = '81 04 61 62 63 64'
const ECHO_LETTER = '81 01 78'

const LETTER = clientFrame('text', 'x')

/** The moments of a session's life. */
export const MOMENTS: readonly Moment[] = [
  ...split('inside a header of 8 bytes', TEXT_8, range(1, 7), ECHO_TEXT),
  ...split('inside a header of 14 bytes', BINARY_14, range(1, 13), ECHO_BINARY),
  ...split('inside a payload', TEXT_8, [8, 70, 133], ECHO_TEXT),
  ...split('inside a character', UMLAUTS, [7, 9, 11], ECHO_UMLAUTS),
  ...split('between frames', LETTER, [0], ECHO_LETTER),
  ...split(
    'between fragments',
    concat(FIRST_HALF, OTHER_HALF),
    [FIRST_HALF.length, FIRST_HALF.length + 3],
    ECHO_HALVES,
  ),
  ...split('inside their Close', CLOSE, range(1, 7), ''),
  { name: 'blocked writing', kind: 'blocked', sent: NOTHING, rest: LETTER, answer: ECHO_LETTER },
  closing('our close', clientClose(4000)),
  closing('our close, queued', clientClose(4000)),
  // Nothing is read after a Close.
  closing('their close', LETTER),
  closing('their close, queued', LETTER),
]

const FAULTS = {
  'FIN by a program that has ended': {
    lasts: 0,
    strike({ victim: { peer, link, behaviour } }) {
      behaviour.readsOn = false
      link.toClient({ stalled: false })
      peer.end()
    },
  },
  'FIN by a program that reads on': {
    lasts: 0,
    strike({ victim: { peer, link } }) {
      link.toClient({ stalled: false })
      peer.end()
    },
  },
  RST: {
    lasts: 0,
    strike: ({ victim }) => victim.link.reset(),
  },
  silence: {
    lasts: HOUR,
    strike: ({ victim }) => victim.link.cut(),
    heal({ victim: { link } }) {
      link.toClient({ stalled: false })
      link.mend()
    },
  },
  'silence towards the client': {
    lasts: HOUR,
    sendsRest: true,
    strike({ victim: { peer, link } }, { rest }) {
      link.toClient({ silent: true })
      peer.send(rest)
    },
    heal({ victim: { link } }) {
      link.toClient({ stalled: false })
      link.mend()
    },
  },
  'a reader that stops': {
    lasts: HOUR,
    strike: ({ victim }) => victim.link.toClient({ stalled: true }),
    heal: readOn,
  },
  'a slow reader': {
    lasts: 5000,
    strike: ({ victim }) => victim.link.toClient({ stalled: true }),
    heal: readOn,
  },
  'a slow writer': {
    lasts: 0,
    sendsRest: true,
    strike: (world, { rest }) => trickle(world, rest, 1000),
    heal: readOn,
  },
  'a writer that is too slow': {
    lasts: 0,
    sendsRest: true,
    strike: (world, { rest }) => trickle(world, rest, 2000),
    heal: readOn,
  },
} satisfies Record<string, Fault>

type FaultName = keyof typeof FAULTS

const OURS = 4000
const THEIRS = 4001
const VANISHED = 1006
const WRITE_TIMEOUT = ended(VANISHED, 30_000, { cause: 'TOWPATH_SESSION_TIMEOUT' })
const CLOSE_TIMEOUT = ended(OURS, 10_000, { cause: 'TOWPATH_SESSION_TIMEOUT' })
const PING_TIMEOUT = ended(1011, 4000, { cause: 'TOWPATH_PING_TIMEOUT' })

/** What the contract says, for each fault and kind of moment. */
const OUTCOMES: Readonly<Record<FaultName, Readonly<Record<MomentKind, Outcome>>>> = {
  'FIN by a program that has ended': {
    open: ended(VANISHED, 0),
    // Nobody is there for the data that was under way: the system answers with a reset.
    blocked: ended(VANISHED, 0, { cause: 'ECONNRESET' }),
    'our close': ended(OURS, 0),
    'our close, queued': ended(OURS, 0, { cause: 'ECONNRESET' }),
    'their close': ended(THEIRS, 0, { clean: true }),
    'their close, queued': ended(THEIRS, 0),
  },
  'FIN by a program that reads on': {
    open: ended(VANISHED, 0),
    blocked: ended(VANISHED, 0),
    'our close': ended(OURS, 0),
    'our close, queued': ended(OURS, 0),
    'their close': ended(THEIRS, 0, { clean: true }),
    'their close, queued': ended(THEIRS, 0, { clean: true }),
  },
  RST: {
    open: ended(VANISHED, 0, { cause: 'ECONNRESET' }),
    blocked: ended(VANISHED, 0, { cause: 'ECONNRESET' }),
    'our close': ended(OURS, 0, { cause: 'ECONNRESET' }),
    'our close, queued': ended(OURS, 0, { cause: 'ECONNRESET' }),
    'their close': ended(THEIRS, 0, { clean: true }),
    'their close, queued': ended(THEIRS, 0),
  },
  silence: {
    open: LIVES_ON,
    blocked: WRITE_TIMEOUT,
    'our close': CLOSE_TIMEOUT,
    'our close, queued': CLOSE_TIMEOUT,
    'their close': ended(THEIRS, 10_000, { clean: true }),
    'their close, queued': ended(THEIRS, 10_000),
  },
  'silence towards the client': {
    open: LIVES_ON,
    blocked: WRITE_TIMEOUT,
    'our close': ended(OURS, 10_000, { clean: true }),
    'our close, queued': ended(OURS, 10_000),
    'their close': ended(THEIRS, 10_000, { clean: true }),
    'their close, queued': ended(THEIRS, 10_000),
  },
  'a reader that stops': {
    open: LIVES_ON,
    blocked: WRITE_TIMEOUT,
    'our close': CLOSE_TIMEOUT,
    'our close, queued': CLOSE_TIMEOUT,
    'their close': ended(THEIRS, 10_000, { clean: true }),
    'their close, queued': ended(THEIRS, 10_000),
  },
  'a slow reader': {
    open: LIVES_ON,
    blocked: LIVES_ON,
    'our close': ended(OURS, 5000, { clean: true }),
    'our close, queued': ended(OURS, 5000, { clean: true }),
    'their close': ended(THEIRS, 5000, { clean: true }),
    'their close, queued': ended(THEIRS, 5000, { clean: true }),
  },
  'a slow writer': {
    open: LIVES_ON,
    blocked: LIVES_ON,
    'our close': ended(OURS, 8000, { clean: true }),
    'our close, queued': ended(OURS, 8000, { clean: true }),
    'their close': ended(THEIRS, 7000, { clean: true }),
    'their close, queued': ended(THEIRS, 7000, { clean: true }),
  },
  'a writer that is too slow': {
    open: LIVES_ON,
    blocked: LIVES_ON,
    'our close': CLOSE_TIMEOUT,
    'our close, queued': CLOSE_TIMEOUT,
    'their close': ended(THEIRS, 10_000, { clean: true }),
    'their close, queued': ended(THEIRS, 10_000),
  },
}

/**
 * The outcomes that pings change: they detect a silent peer. The outcome is that of a peer without
 * unread data; `pingTimeoutOf` adds the time for bytes before the ping.
 */
const OUTCOMES_WITH_PINGS: Readonly<
  Partial<Record<FaultName, Readonly<Partial<Record<MomentKind, Ended>>>>>
> = {
  silence: { open: PING_TIMEOUT, blocked: PING_TIMEOUT },
  'silence towards the client': { open: PING_TIMEOUT, blocked: PING_TIMEOUT },
  'a reader that stops': { open: PING_TIMEOUT, blocked: PING_TIMEOUT },
  'a slow reader': { open: PING_TIMEOUT, blocked: PING_TIMEOUT },
}

/** Runs the matrix on the engine in memory. */
export function faults(): void {
  // The keys of a record that was written out are those of its type.
  for (const name of Object.keys(FAULTS) as FaultName[]) {
    describe(`struck by ${name}`, () => {
      for (const moment of MOMENTS) {
        const outcome = expectedOf(name, moment)
        it(`${moment.name}: ${inWords(outcome)}`, () => run(FAULTS[name], moment, outcome))

        if (isClosed(FAULTS[name], moment)) continue
        const withPings = pingTimeoutOf(name, moment)
        if (withPings === null) continue
        it(`${moment.name}, with pings: ${inWords(withPings)}`, () =>
          run(FAULTS[name], moment, withPings, { pingPeriod: 1000, timeout: 3000 }))
      }
    })
  }
}

/** What becomes of a session whose handler never reads, although 1200 messages wait. */
const CARELESS_OUTCOMES = {
  'FIN by a program that has ended': [VANISHED, false],
  'FIN by a program that reads on': [VANISHED, false],
  RST: [VANISHED, false],
  Close: [THEIRS, true],
} satisfies Record<string, [code: number, clean: boolean]>

/** Faults that are noticed behind messages that nobody reads, for handlers that take no care. */
export function carelessFaults(): void {
  describe.each(Object.keys(CARELESS))('a handler that %s', (handler) => {
    it.each(Object.entries(CARELESS_OUTCOMES))(
      'is struck by %s: its session ends within two seconds, and nothing is left',
      async (name, [code, clean]) => {
        const world = await FaultWorld.open()
        const { peer, link } = world.victim
        link.toClient({ stalled: true })
        peer.text(handler)
        for (let sent = 0; sent < 1200; sent++) peer.text('x')
        await world.advance(0)
        expect(await world.bystanderEchoes()).toBe('81 02 68 69')

        if (name === 'Close') {
          link.toClient({ stalled: false })
          peer.close(4001)
        } else {
          // The other keys are those of faults.
          const fault: Fault = FAULTS[name as FaultName]
          await fault.strike(world, MOMENTS[0] as Moment)
        }
        await world.advance(2000)

        expect(world.ending?.info).toMatchObject({ reason: { code }, clean })
        if (name === 'Close') peer.end()
        await world.advance(0)
        expect(world.leftovers()).toEqual(NOTHING_LEFT)
        expect(await world.bystanderEchoes()).toBe('81 02 68 69')
      },
    )
  })
}

async function run(
  fault: Fault,
  moment: Moment,
  outcome: Outcome,
  options: WebSocketsOptions = {},
): Promise<void> {
  const world = await FaultWorld.open(options)
  expect(await world.bystanderEchoes()).toBe('81 02 68 69')
  await reach(world, moment)
  expect(world.ending).toBe(null)

  await fault.strike(world, moment)
  expect(await world.bystanderEchoes()).toBe('81 02 68 69')
  await world.advance(fault.lasts)
  fault.heal?.(world)
  await world.advance(0)
  await goOn(world, fault, moment)

  if (outcome === LIVES_ON) await finishInPeace(world, moment)
  else expectEnded(world, fault, moment, outcome)
  // What is left of the connection of a session that no pong came for has the time of its deadline.
  await world.advance(10_000)
  world.victim.link.mend()
  await world.advance(0)
  expect(world.leftovers()).toEqual(NOTHING_LEFT)
  expect(await world.bystanderEchoes()).toBe('81 02 68 69')
}

/** Brings the session to `moment`, at time 0. */
async function reach(world: FaultWorld, { kind, sent }: Moment): Promise<void> {
  const { peer, link, behaviour } = world.victim
  const isBacklogged = kind === 'blocked' || kind.endsWith('queued')
  if (isBacklogged) link.toClient({ stalled: true })
  if (kind === 'blocked') peer.text('fill, wait')
  if (kind === 'our close') peer.text('close')
  if (kind === 'our close, queued') peer.text('fill, close')
  if (kind === 'their close, queued') peer.text('fill')
  if (isBacklogged) await world.handler.filled
  await world.advance(0)
  if (kind === 'their close') behaviour.endsInTurn = false
  if (kind.startsWith('their close')) peer.close(4001)
  if (sent.length > 0) peer.send(sent)
  await world.advance(0)
}

/** The client goes on, if it still can. */
async function goOn(world: FaultWorld, fault: Fault, { kind, rest }: Moment): Promise<void> {
  const { peer } = world.victim
  if (fault.sendsRest !== true) peer.send(rest)
  if (kind === 'their close') peer.end()
  await world.advance(0)
}

/** What was interrupted has been answered, after all that was sent before; the client closes. */
async function finishInPeace(world: FaultWorld, { kind, answer }: Moment): Promise<void> {
  const { peer } = world.victim
  if (kind === 'blocked') await peer.read(world.handler.floodBytes)
  expect(await peer.read((answer.length + 1) / 3)).toBe(answer)
  peer.close(4001)
  expect(await peer.rest()).toBe('88 02 0f a1')
  await world.advance(0)
  expect(world.ending?.info).toMatchObject({ reason: { code: 4001 }, clean: true, cause: null })
}

function expectEnded(world: FaultWorld, fault: Fault, { kind }: Moment, outcome: Ended): void {
  const { ending } = world
  const cause: unknown = ending?.info.cause
  expect({
    code: ending?.info.reason.code,
    clean: ending?.info.clean,
    cause: cause instanceof Error && 'code' in cause ? cause.code : null,
    at: ending?.at,
  }).toEqual(outcome)

  // Whoever reads to the end is given all that was accepted, and the Close frame.
  const readsAll = outcome.clean || fault === FAULTS['FIN by a program that reads on']
  if (!kind.endsWith('queued') || !readsAll) return
  const received = world.victim.peer.inbox.unread
  expect(received.length).toBe(world.handler.floodBytes + 4)
  expect(toHex(received.subarray(-4))).toBe(outcome.code === OURS ? '88 02 0f a0' : '88 02 0f a1')
}

/**
 * The outcome of the tables. A Close frame of the client that was interrupted and arrives late
 * counts as its close.
 */
function expectedOf(name: FaultName, moment: Moment): Outcome {
  const outcome = OUTCOMES[name][moment.kind]
  if (outcome !== LIVES_ON || moment.answer !== '') return outcome
  const at = {
    'a slow writer': moment.rest.length * 1000,
    'a writer that is too slow': moment.rest.length * 2000,
    // They do not see our FIN.
    'silence towards the client': 10_000,
  }
  return ended(THEIRS, name in at ? at[name as keyof typeof at] : FAULTS[name].lasts, {
    clean: true,
  })
}

/**
 * How pings end the session; `null` if they do not. A ping gets 1 ms more for each 512 unconfirmed
 * bytes before it (docs/limits.md, "A peer that is slow").
 */
function pingTimeoutOf(name: FaultName, { kind, answer }: Moment): Ended | null {
  const outcome = OUTCOMES_WITH_PINGS[name]?.[kind]
  if (outcome === undefined) return null
  const isAnswered = kind === 'open' && name === 'silence towards the client'
  const answeredBytes = isAnswered ? (answer.length + 1) / 3 : 0
  const aheadBytes = kind === 'blocked' ? PIPE_CAPACITY_BYTES : answeredBytes
  return { ...outcome, at: outcome.at + Math.floor(aheadBytes / 512) }
}

/** Whether their Close frame arrives whole in spite of the fault. */
function isClosed(fault: Fault, { kind, answer }: Moment): boolean {
  return kind === 'open' && answer === '' && fault.sendsRest === true
}

function readOn({ victim }: FaultWorld): void {
  victim.link.toClient({ stalled: false })
}

/** A byte at a time; where there are very many, the others come at once. */
async function trickle(world: FaultWorld, bytes: Uint8Array, periodMs: number): Promise<void> {
  const { peer } = world.victim
  const SLOW_BYTES = 20
  for (const byte of bytes.subarray(0, SLOW_BYTES)) {
    await world.advance(periodMs)
    peer.send(Uint8Array.of(byte))
  }
  if (bytes.length > SLOW_BYTES) peer.send(bytes.subarray(SLOW_BYTES))
  await world.advance(0)
}

function split(
  place: string,
  bytes: Uint8Array,
  offsets: readonly number[],
  answer: string,
): Moment[] {
  return offsets.map((offset) => ({
    name: offset === 0 ? place : `${place}, after byte ${offset}`,
    kind: 'open',
    sent: bytes.subarray(0, offset),
    rest: bytes.subarray(offset),
    answer,
  }))
}

function closing(kind: MomentKind, rest: Uint8Array): Moment {
  return { name: kind, kind, sent: NOTHING, rest, answer: '' }
}

function ended(
  code: number,
  at: number,
  { clean = false, cause = null }: { clean?: boolean; cause?: string | null } = {},
): Ended {
  return { code, clean, cause, at }
}

function inWords(outcome: Outcome): string {
  if (outcome === LIVES_ON) return 'the session lives on'
  const { code, clean, at } = outcome
  return `ends with ${code}${clean ? ', cleanly,' : ''} ${at === 0 ? 'at once' : `after ${at} ms`}`
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

function concat(...pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]))
}
