import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BrokerUnavailableError, type Head, memoryBroker } from '../../../src/topics/index.ts'
import type { HeldKey } from '../../../src/topics/presence/held-key.ts'
import { KeyChecks } from '../../../src/topics/presence/key-checks.ts'
import { KEYS_KIND, keyLogOf } from '../../../src/topics/presence/key-record.ts'
import {
  createTestEnvironment,
  settled,
  type TestEnvironment,
} from '../../../src/testing/test-environment.ts'

const PLACE: Head = { epoch: 'e', offset: 1 }
const logOf = (key: string) => keyLogOf('room', key)

let environment: TestEnvironment
let checks: KeyChecks
let held: Map<string, HeldKey>
/** The heads that the broker names, by the names of logs; `PLACE` for the rest. */
let heads: Map<string, Head>
let asked: number
let freed: string[]
let free: () => Promise<boolean>
let verified: Array<[key: string, isOld: boolean]>
let failures: unknown[]

beforeEach(() => {
  environment = createTestEnvironment(1)
  held = new Map()
  heads = new Map()
  ;[asked, freed, verified, failures] = [0, [], [], []]
  free = () => Promise.resolve(true)
  const broker = memoryBroker()
  broker.heads = (logs) => {
    asked++
    return Promise.resolve(logs.map(({ name }) => heads.get(name) ?? PLACE))
  }
  checks = new KeyChecks({
    broker,
    environment,
    held,
    free: ({ name }) => {
      freed.push(name)
      return free()
    },
    verify: ({ holder }, isOld) => {
      verified.push([holder, isOld])
      return Promise.resolve()
    },
    failed: (error) => failures.push(error),
  })
})

afterEach(() => checks.end())

function hold(key: string): HeldKey {
  const log = logOf(key)
  const each = { log, holder: key, claims: new Set<never>(), place: PLACE, writtenAt: 0 }
  held.set(log.name, each)
  return each
}

describe('KeyChecks', () => {
  it('verifies the keys whose record has moved, and no others', async () => {
    for (const key of ['ada', 'bob']) hold(key)
    heads.set(logOf('bob').name, { epoch: 'e', offset: 2 })
    checks.later()

    await environment.clock.advance(29_999)
    expect(verified).toEqual([])
    await environment.clock.advance(1)

    expect(verified).toEqual([['bob', false]])
  })

  it('a record of another epoch has moved, even at the same offset', async () => {
    hold('ada')
    heads.set(logOf('ada').name, { epoch: 'other', offset: 1 })
    checks.now()
    await settled()

    expect(verified).toEqual([['ada', false]])
  })

  it('renews a record after half of the time for which it is kept', async () => {
    hold('ada').writtenAt = -KEYS_KIND.ageMs / 2
    hold('bob').writtenAt = -KEYS_KIND.ageMs / 2 + 1
    checks.now()
    await settled()

    expect(verified).toEqual([['ada', true]])
  })

  it('asks for at most 256 heads at once', async () => {
    for (let n = 0; n < 257; n++) hold(`${n}`)
    checks.now()
    await settled()

    expect(asked).toBe(2)
  })

  it('frees a key again with each check until that succeeds', async () => {
    let isRefused = true
    free = () =>
      isRefused ? Promise.reject(new BrokerUnavailableError('x', null)) : Promise.resolve(true)
    await checks.free(logOf('ada'))
    await environment.clock.advance(30_000)
    isRefused = false
    await environment.clock.advance(30_000)
    await environment.clock.advance(300_000)

    expect(freed).toEqual(Array(3).fill(logOf('ada').name))
    expect(failures).toEqual([])
  })

  it('frees a key again if other processes were faster each time', async () => {
    free = () => Promise.resolve(freed.length > 1)
    checks.freeLater(logOf('ada'))
    expect(freed).toEqual([])
    await environment.clock.advance(300_000)

    expect(freed).toHaveLength(2)
  })

  it('reports the first error of each check that is not an outage', async () => {
    const odd = new Error('odd')
    free = () => Promise.reject(odd)
    for (const key of ['ada', 'bob']) checks.freeLater(logOf(key))
    await environment.clock.advance(30_000)
    expect(failures).toEqual([odd])
    await environment.clock.advance(30_000)

    expect(failures).toEqual([odd, odd])
  })

  it('sets no timer while there is nothing to check, and does nothing after its end', async () => {
    checks.later()
    expect(environment.timers.size).toBe(0)
    hold('ada')
    checks.later()
    checks.end()
    await checks.free(logOf('ada'))
    await environment.clock.advance(60_000)

    expect([asked, freed]).toEqual([0, []])
  })
})
