import { beforeEach, describe, expect, it } from 'vitest'
import type { DefaultWebSocketServerSession } from '../../../src/application/index.ts'
import { ScopeEndedError } from '../../../src/base/index.ts'
import { Deferred } from '../../../src/base/internal.ts'
import type { TopicsParts } from '../../../src/topics/topics-parts.ts'
import type { WireAnswers } from '../../../src/topics/wire/wire-answers.ts'
import { WireRequests } from '../../../src/topics/wire/wire-requests.ts'
import {
  createTestEnvironment,
  settled,
  type TestEnvironment,
} from '../../../src/testing/test-environment.ts'

let environment: TestEnvironment
let refusals: unknown[]
/** The ids of the requests whose refusals count in a row. */
let counted: number[]
let limits: string[]
let launch: (task: () => Promise<void>) => Promise<void>

beforeEach(() => {
  environment = createTestEnvironment(1)
  ;[refusals, counted, limits] = [[], [], []]
  launch = (task) => task()
})

/** Requests as a session uses them; the fakes have what requests use. */
function createRequests(settings: { maxSubscribesPerSecond: number; maxTopics: number }) {
  const session = { launch: (task: () => Promise<void>) => launch(task) }
  const answers = {
    tellLimit: (limit: string) => limits.push(limit),
    refuse: (id: number, topic: string, code: string, _message: string, more: object) => {
      counted.push(id)
      refusals.push({ id, topic, code, ...more })
    },
    postpone: (id: number, topic: string, code: string, _message: string, retryAfter: number) =>
      refusals.push({ id, topic, code, retryAfter }),
  }
  return new WireRequests(
    session as unknown as DefaultWebSocketServerSession,
    { node: { environment }, settings } as unknown as TopicsParts,
    answers as unknown as WireAnswers,
  )
}

describe('WireRequests', () => {
  it('T-58 refuses more requests than the rate, with the time after which one is allowed', async () => {
    const requests = createRequests({ maxSubscribesPerSecond: 4, maxTopics: 1 })
    const asked = [1, 2, 3, 4, 5].map((id) => requests.mayAsk(id, 'a'))

    expect(asked).toEqual([true, true, true, true, false])
    expect(refusals).toEqual([{ id: 5, topic: 'a', code: 'rate', retryAfter: 250 }])
    expect(limits).toEqual(['maxSubscribesPerSecond'])
    await environment.clock.advance(250)
    expect(requests.mayAsk(5, 'a')).toBe(true)
  })

  it('T-58 requests above the rate come again in turn, and each of them is then accepted', async () => {
    const requests = createRequests({ maxSubscribesPerSecond: 4, maxTopics: 1 })
    for (let id = 1; id <= 7; id++) requests.mayAsk(id, 'a')
    expect(refusals).toMatchObject([
      { id: 5, retryAfter: 250 },
      { id: 6, retryAfter: 500 },
      { id: 7, retryAfter: 750 },
    ])
    for (const id of [5, 6, 7]) {
      await environment.clock.advance(250)
      expect(requests.mayAsk(id, 'a')).toBe(true)
    }
    // A large answer costs three more requests.
    requests.spend(3)
    await environment.clock.advance(250)

    expect(requests.mayAsk(8, 'a')).toBe(false)
    expect(refusals.at(-1)).toMatchObject({ id: 8, retryAfter: 750 })
  })

  it('T-58 refusals count when more requests wait than a client has topics and pages', () => {
    const requests = createRequests({ maxSubscribesPerSecond: 1, maxTopics: 2 })
    for (let id = 0; id <= 72; id++) requests.mayAsk(id, 'a')

    expect(counted).toEqual([71, 72])
  })

  it('T-58 refuses requests while 32 more than two for each topic are under way', async () => {
    const requests = createRequests({ maxSubscribesPerSecond: 1000, maxTopics: 10 })
    const ended = new Deferred<void>()
    requests.launch(() => ended.promise)
    for (let n = 1; n < 52; n++) {
      expect(requests.mayAsk(n, 'a')).toBe(true)
      requests.launch(() => new Promise(() => {}))
    }
    expect(requests.mayAsk(53, 'a')).toBe(false)
    expect(refusals).toEqual([{ id: 53, topic: 'a', code: 'busy', retryAfter: 1000 }])
    expect(limits).toEqual(['maxUnderWay'])
    ended.resolve()
    await settled()

    expect(requests.mayAsk(54, 'a')).toBe(true)
  })

  it('a request that fails is no longer under way, and its session has the error', async () => {
    const requests = createRequests({ maxSubscribesPerSecond: 1000, maxTopics: 0 })
    const errors: unknown[] = []
    launch = (task) =>
      task().catch((error: unknown) => {
        errors.push(error)
        throw error
      })
    for (let n = 0; n < 40; n++) requests.launch(() => Promise.reject(new Error('no')))
    await settled()

    expect(errors).toHaveLength(40)
    expect(requests.mayAsk(1, 'a')).toBe(true)
  })

  it('does nothing once the session is over, and passes on other errors', () => {
    const requests = createRequests({ maxSubscribesPerSecond: 1, maxTopics: 1 })
    const task = (): Promise<void> => Promise.resolve()
    launch = () => {
      throw new ScopeEndedError()
    }
    requests.launch(task)
    launch = () => {
      throw new Error('a bug')
    }

    expect(() => requests.launch(task)).toThrow('a bug')
  })
})
