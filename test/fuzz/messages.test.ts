/**
 * A link against a peer that says anything, in either role and in the forms of a page: ids reused
 * and made up, credit that was never given, streams that are not read, uploads that stop half-way,
 * cancels in any order.
 *
 * Whatever the peer says, nothing is thrown, the session ends with a code that says why, no request
 * has two answers, no item is sent without credit, and at the end nothing runs and no timer is
 * left.
 */

import fc from 'fast-check'
import { CloseReason, Frame } from 'towpath'
import { defineContract, json } from 'towpath/messages'
import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/base/index.ts'
import { questionOf } from '../../src/messages/calls.ts'
import { Answers } from '../../src/messages/link/answers.ts'
import { createFullLink } from '../../src/messages/link/full-link.ts'
import { createSink } from '../../src/messages/link/item-sink.ts'
import { Link } from '../../src/messages/link/link.ts'
import { ignore } from '../../src/messages/link/outbox.ts'
import type { LinkParts } from '../../src/messages/link/parts.ts'
import type { LinkPort, Wire } from '../../src/messages/link/port.ts'
import { uploadOf } from '../../src/messages/link/upload.ts'
import { readPageSettings } from '../../src/messages/page/page-settings.ts'
import { readHandlers, Server } from '../../src/messages/serve.ts'
import { readSettings } from '../../src/messages/settings.ts'
import { streamOf } from '../../src/messages/streams.ts'
import { chatContract, LIBRARIES } from '../suites/messages/schemas.ts'
import { effort, TIME } from './effort.ts'

const { zod } = LIBRARIES
if (zod === undefined) throw new Error('Cannot find zod')
// Both sides ask and answer, and stream in both directions.
const { client, errors } = chatContract(zod).shape
const entries = { ...client, ask: { request: zod.text, response: zod.text } }
const both = defineContract({
  name: 'chat',
  errors,
  client: entries,
  server: entries,
})

const CREDIT = 4

type Side = 'client' | 'server'
type Step = { readonly name: string } & Readonly<Record<string, unknown>>

const ids = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 12 }) },
  fc.constantFrom(undefined, null, 0, -1, 1.5, '1', 2 ** 31, 2 ** 32 + 1, 2 ** 53 - 1, 2 ** 53),
)
const counts = fc.constantFrom(undefined, 0, 1, 2, 9, 2 ** 31 - 1, 2 ** 31, -1, 'x')
const names = fc.constantFrom(...Object.keys(entries))
const reserved = fc.constantFrom('.response', '.error', '.item', '.end', '.credit', '.cancel')
const data = fc.constantFrom(
  undefined,
  null,
  'x',
  { room: 'a' },
  { room: 'none' },
  { text: 'a' },
  { n: 1 },
  { lines: ['a'] },
  [[]],
)
const codes = fc.constantFrom('INVALID', 'NO_SUCH_ROOM', 'CLOSED', 'DISCONNECTED', '__proto__', 'X')

/** What a peer of good manners says; ids are given to it in their order. */
const polite = fc.record({
  name: fc.constant('ask'),
  type: names,
  data,
  timeout: counts,
  credit: counts,
})
const belonging = fc.oneof(
  fc.record({ name: fc.constant('say'), type: fc.constant('.item'), id: ids, data }),
  fc.record({ name: fc.constant('say'), type: fc.constant('.credit'), id: ids, items: counts }),
  fc.record({ name: fc.constant('say'), type: fc.constant('.error'), id: ids, code: codes, data }),
  fc.record({ name: fc.constant('say'), type: reserved, id: ids, data }),
)
const anything = fc.oneof(
  fc.record({
    name: fc.constant('say'),
    type: fc.oneof(names, reserved, fc.constantFrom('.', '.new', 'constructor', '', 1, null)),
    id: ids,
    data,
    timeout: counts,
    credit: counts,
    items: counts,
    code: fc.oneof(codes, fc.constantFrom(1, 'A'.repeat(65), undefined)),
    issues: fc.constantFrom(undefined, [null, { message: 1 }], 'x'),
  }),
  fc.record({ name: fc.constant('bytes'), bytes: fc.uint8Array({ maxLength: 8 }) }),
  fc.record({
    name: fc.constant('text'),
    text: fc.constantFrom('', '{', '[]', '{"type":"say","type":".cancel","id":1,"id":2}', '"a"'),
  }),
)
/** What the application and the network do meanwhile. */
const own = fc.oneof(
  fc.record({ name: fc.constant('request'), type: names, data, timeout: fc.constantFrom(1, 50) }),
  fc.record({ name: fc.constant('abort'), which: fc.nat(5) }),
  fc.record({ name: fc.constant('time'), ms: fc.constantFrom(1, 60) }),
  fc.constantFrom({ name: 'block' }, { name: 'unblock' }, { name: 'turn' }, { name: 'turn' }),
)
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: polite },
    { weight: 4, arbitrary: belonging },
    { weight: 1, arbitrary: anything },
    { weight: 3, arbitrary: own },
  ),
  { maxLength: 40 },
)

/** What a script may not leave behind. */
const NOTHING = {
  reported: [],
  wrongEnds: [],
  running: 0,
  timers: 0,
  answeredTwice: [],
  withoutCredit: [],
}

describe('a link, fuzzed', () => {
  for (const side of ['server', 'client'] as const) {
    for (const validate of ['both', 'none'] as const) {
      it(`as ${side} that validates ${validate} holds whatever its peer says`, TIME, async () => {
        await fc.assert(
          fc.asyncProperty(steps, async (script) => {
            const world = new World(side, validate, 'full')
            for (const step of script) await world.step(step)
            expect(await world.end()).toEqual(NOTHING)
          }),
          effort(300),
        )
      })
    }
  }

  for (const form of ['page', 'page with answers'] as const) {
    it(`as ${form} holds whatever a server says`, TIME, async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (script) => {
          const world = new World('client', 'none', form)
          for (const step of script) await world.step(step)
          expect(await world.end()).toEqual(NOTHING)
        }),
        effort(300),
      )
    })
  }
})

/** The parts that a link has: all, or those that a page has loaded. */
type Form = 'full' | 'page' | 'page with answers'

class World {
  readonly #side: Side
  readonly #clock = new VirtualClock()
  readonly #link: Link
  readonly #sent: Wire[] = []
  readonly #waiting: Array<() => void> = []
  readonly #aborts: AbortController[] = []
  readonly #outcomes: Array<Promise<unknown>> = []
  readonly #served: Promise<void>
  readonly #failures: unknown[] = []
  readonly #codes: number[] = []
  /** Credit that the peer has given, by id. */
  readonly #given = new Map<unknown, number>()
  readonly #hasAnswers: boolean
  #isBlocked = false
  #isOver = false
  #running = 0
  #nextId: number

  constructor(side: Side, validate: 'both' | 'none', form: Form) {
    this.#side = side
    this.#nextId = side === 'server' ? 1 : 2
    const limits = { credit: CREDIT, maxRequests: 4 }
    const hasAnswers = form !== 'page'
    this.#hasAnswers = hasAnswers
    if (form === 'full') {
      const settings = readSettings(side, both, { ...limits, validate })
      this.#link = createFullLink(this.#port(), { ...settings, codec: json })
    } else {
      const settings = { ...readPageSettings(limits), codec: json }
      const createAnswers = hasAnswers ? (link: LinkParts): Answers => new Answers(link) : null
      this.#link = new Link(this.#port(), settings, { createChecks: null, createAnswers })
    }
    this.#served = hasAnswers
      ? new Server(this.#link, readHandlers(this.#link, this.#handlers())).run()
      : readAll(this.#link.incoming)
    this.#served.catch(ignore)
  }

  async step(step: Step): Promise<void> {
    const { name, ...fields } = step
    if (name === 'ask') {
      const { type } = fields
      const isEvent = type === 'say'
      const id = isEvent ? undefined : this.#nextId
      if (!isEvent) this.#nextId += 2
      this.#take({ ...fields, id })
    } else if (name === 'say') this.#take(fields)
    else if (name === 'text') this.#link.take(new Frame.Text(step['text'] as string))
    else if (name === 'bytes') this.#link.take(new Frame.Binary(step['bytes'] as Uint8Array))
    else if (name === 'request') this.#request(step)
    else if (name === 'abort') this.#aborts[step['which'] as number]?.abort(new Error('given up'))
    else if (name === 'time') await this.#clock.advance(step['ms'] as number)
    else if (name === 'block') this.#isBlocked = true
    else if (name === 'unblock') this.#unblock()
    else await turns()
  }

  async end(): Promise<object> {
    await turns()
    this.#unblock()
    await turns()
    this.#isOver = true
    this.#link.end(null)
    await this.#clock.advance(1000)
    await this.#served.catch(ignore)
    await Promise.allSettled(this.#outcomes)
    await turns()

    const [, ...ends] = this.#codes
    return {
      reported: this.#failures,
      wrongEnds: [...ends, ...this.#codes.filter((code) => ![1003, 1007, 1008].includes(code))],
      running: this.#running,
      timers: this.#clock.pendingTimers,
      ...this.#readSent(),
    }
  }

  /** One answer for each request of the peer, and no item past the credit. */
  #readSent(): Pick<typeof NOTHING, 'answeredTwice' | 'withoutCredit'> {
    const answered: unknown[] = []
    const items: unknown[] = []
    for (const wire of this.#sent) {
      const { type, id }: { readonly type?: unknown; readonly id?: unknown } =
        typeof wire === 'string'
          ? JSON.parse(wire)
          : { type: '.item', id: new DataView(wire.buffer).getUint32(0) }
      if (type === '.item') items.push(id)
      else if (this.#isOurs(id) === false && type !== '.credit') answered.push(id)
    }
    const count = (of: readonly unknown[], id: unknown): number =>
      of.filter((each) => each === id).length
    return {
      // A page without answers keeps no ids: it answers each with UNKNOWN.
      answeredTwice: (this.#hasAnswers ? answered : []).filter(
        (id) => count(answered, id) > 1,
      ) as never[],
      withoutCredit: items.filter(
        (id) => count(items, id) > (this.#given.get(id) ?? CREDIT),
      ) as never[],
    }
  }

  /** Whether `id` is of a request of the link; `null`: it is no id. */
  #isOurs(id: unknown): boolean | null {
    return typeof id === 'number' ? (id % 2 === 1) === (this.#side === 'client') : null
  }

  #take(message: Record<string, unknown>): void {
    const { id, credit, items, type } = message
    const isRequest = typeof type === 'string' && !type.startsWith('.') && type !== 'say'
    if (isRequest && typeof credit === 'number' && !this.#given.has(id)) {
      this.#given.set(id, Math.max(credit, 0))
    }
    if (type === '.credit' && typeof items === 'number' && items > 0) {
      const first = this.#isOurs(id) === true ? 0 : CREDIT
      this.#given.set(id, (this.#given.get(id) ?? first) + items)
    }
    this.#link.take(new Frame.Text(JSON.stringify(message)))
  }

  #request({ type, data: value, timeout }: Step): void {
    if (type === 'say') return
    const abort = new AbortController()
    this.#aborts.push(abort)
    const name = type as keyof typeof entries
    const isStream = name === 'watch' || name === 'file'
    const upload = name === 'load' ? this.#endless({ n: 1 }) : this.#endless(new Uint8Array(2))
    const options = {
      signal: abort.signal,
      timeout: timeout as number,
      ...(name === 'load' || name === 'store' ? { upload } : {}),
    }
    const parts = { uploadOf, createSink: isStream ? createSink : null }
    const ask = this.#link.asks.ask(questionOf(this.#link, name, value, options, parts))
    ask.result.catch(ignore)
    this.#outcomes.push(ask.result)
    // Half of the streams are read.
    if (name === 'watch') this.#outcomes.push(readAll(streamOf(ask)))
  }

  async *#endless(item: unknown): AsyncGenerator<unknown> {
    this.#running++
    try {
      for (;;) yield await Promise.resolve(item)
    } finally {
      this.#running--
    }
  }

  #handlers(): object {
    const count = async (_: unknown, { upload }: { readonly upload: AsyncIterable<unknown> }) => {
      this.#running++
      let n = 0
      try {
        for await (const _item of upload) n++
      } finally {
        this.#running--
      }
      return { n }
    }
    return {
      say: ignore,
      history: (asked: { room?: string } | null, { error }: { error: (code: string) => Error }) => {
        if (asked?.room === 'none') throw error('CLOSED')
        return { lines: [] }
      },
      ping: ignore,
      ask: (_: unknown, { signal }: { readonly signal: AbortSignal }) =>
        new Promise((resolve) => {
          this.#running++
          signal.addEventListener('abort', () => {
            this.#running--
            resolve({ text: 'late' })
          })
        }),
      watch: () => this.#endless({ n: 1 }),
      file: () => this.#endless(new Uint8Array(3)),
      load: count,
      store: count,
    }
  }

  #port(): LinkPort {
    return {
      clock: this.#clock,
      trySend: (wire) => {
        if (this.#isOver) return 'closed'
        if (this.#isBlocked) return 'full'
        this.#sent.push(wire)
        return 'sent'
      },
      send: (wire, signal) =>
        new Promise((resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('withdrawn')))
          const send = (): void => {
            if (signal?.aborted !== true && !this.#isOver) this.#sent.push(wire)
            resolve()
          }
          if (this.#isBlocked) this.#waiting.push(send)
          else send()
        }),
      turn: () => null,
      fail: (code, message) => {
        this.#codes.push(code)
        return new CloseReason(code, message)
      },
      owner: {},
      requests: undefined,
      report: (error) => {
        // What an invalid answer of a handler, or the end of an upload, is reported as.
        if (!(error instanceof DOMException)) this.#failures.push(error)
      },
    }
  }

  #unblock(): void {
    this.#isBlocked = false
    for (const send of this.#waiting.splice(0)) send()
  }
}

async function readAll(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

/** Lets all that can go on without time do so. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await Promise.resolve()
}
