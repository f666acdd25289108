import { CloseReason } from 'towpath'
import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../../src/base/index.ts'
import { Deferred } from '../../../src/base/internal.ts'
import { json } from '../../../src/messages/codec.ts'
import { type CompiledEntry, defineContract } from '../../../src/messages/contract.ts'
import { Arrivals } from '../../../src/messages/link/arrivals.ts'
import { Checks } from '../../../src/messages/link/checks.ts'
import { ignore } from '../../../src/messages/link/outbox.ts'
import { readSettings } from '../../../src/messages/settings.ts'
import type { Validated } from '../../../src/schema/index.ts'

const contract = defineContract({ name: 'c', client: {}, server: {} })
const entry: CompiledEntry = {
  name: 'say',
  kind: 'event',
  data: null,
  response: null,
  stream: null,
  upload: null,
  isBytes: { stream: false, upload: false },
  errors: new Map(),
  idempotent: false,
}

/** Checks whose schema answers when it is told to. */
function setUp() {
  const shown: unknown[] = []
  const failures: string[] = []
  const answers: Array<Deferred<Validated>> = []
  const settings = { ...readSettings('server', contract, {}), codec: json }
  const arrivals = new Arrivals({
    port: { turn: () => null },
    settings,
    isExpecting: false,
    isFlooded: false,
  })
  const port = {
    clock: new VirtualClock(),
    trySend: () => 'sent' as const,
    send: () => Promise.resolve(),
    turn: () => null,
    fail: (code: number) => new CloseReason(code),
    owner: {},
    requests: undefined,
    report: ignore,
  }
  const checks = new Checks({
    port,
    settings,
    arrivals,
    show: (_, data) => shown.push(data),
    fail: (code, message) => failures.push(`${code} ${message}`),
  })
  const slow = {
    ...entry,
    data: () => {
      const answer = new Deferred<Validated>()
      answers.push(answer)
      return answer.promise
    },
  }
  const arrive = (data: unknown, isSlow = false): void =>
    checks.arrive(isSlow ? slow : null, { type: 'say', data }, null, 1)
  return { arrivals, arrive, answers, shown, failures }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

describe('Checks', () => {
  it('M-03 shows a message at once while no earlier one waits for its schema', () => {
    const { arrive, shown } = setUp()
    arrive('a')

    expect(shown).toEqual(['a'])
  })

  it('takes no more than 64 messages that wait for their schema, and shows them in order', async () => {
    const { arrivals, arrive, answers, shown } = setUp()
    arrive('first', true)
    for (let n = 1; n < 64; n++) arrive(n)
    const { room } = arrivals
    expect([shown, arrivals.unread, room === null]).toEqual([[], 64, false])

    answers[0]?.resolve({ issues: null, value: 'valid' })
    await room

    expect(shown.slice(0, 3)).toEqual(['valid', 1, 2])
  })

  it('tells of the end when all that has arrived has been shown', async () => {
    const { arrivals, arrive, answers, shown } = setUp()
    arrive('a', true)
    arrivals.end(() => shown.push('end'))
    expect(shown).toEqual([])

    answers[0]?.resolve({ issues: null, value: 'a' })
    await settle()

    expect(shown).toEqual(['a', 'end'])
  })

  it('M-07 ends the session for an event that is invalid, or whose schema rejects', async () => {
    const { arrive, answers, failures } = setUp()
    arrive('a', true)
    arrive('b', true)
    answers[0]?.resolve({ issues: [{ path: [], message: 'no' }] })
    answers[1]?.reject(new Error('broken'))
    await settle()

    expect(failures).toEqual(['1008 Invalid message: say', '1011 '])
  })
})
