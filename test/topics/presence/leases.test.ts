import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Leases } from '../../../src/topics/presence/leases.ts'
import {
  createTestEnvironment,
  type TestEnvironment,
} from '../../../src/testing/test-environment.ts'

const LEASE_MS = 15_000
const GRACE_MS = 10_000

let environment: TestEnvironment
let leases: Leases
let gone: string[]

beforeEach(() => {
  environment = createTestEnvironment(1)
  gone = []
  leases = new Leases({
    environment,
    nodeTimeoutMs: LEASE_MS,
    graceMs: GRACE_MS,
    gone: (node) => gone.push(node),
  })
  leases.begin()
})

afterEach(() => leases.end())

const pass = (ms: number): Promise<void> => environment.clock.advance(ms)

describe('Leases', () => {
  it('T-50 a lease ends 15 s after the last sign of life, and not before', async () => {
    leases.heard('other')
    await pass(9000)
    leases.heard('other')
    await pass(LEASE_MS - 1)
    expect([gone, leases.isGone('other'), leases.has('other')]).toEqual([[], false, true])

    await pass(1)

    expect([gone, leases.isGone('other'), leases.has('other')]).toEqual([['other'], true, false])
  })

  it('one process keeps one timer, however often it is heard', () => {
    for (let n = 0; n < 100; n++) leases.heard('other')

    expect(environment.timers.size).toBe(1)
  })

  it('T-60 an unknown process is gone when it has been silent for a lease after the question', async () => {
    await pass(60_000)
    expect(leases.isGone('other')).toBe(false)
    await pass(LEASE_MS - 1)
    expect(leases.isGone('other')).toBe(false)
    await pass(1)
    expect(leases.isGone('other')).toBe(true)

    leases.heard('other')

    expect(leases.isGone('other')).toBe(false)
    expect(gone).toEqual([])
  })

  it('T-60 a process that stops is gone after the grace, and is not listened to meanwhile', async () => {
    leases.heard('other')
    leases.leave('other')
    leases.leave('other')
    expect(leases.heard('other')).toBe(false)
    await pass(GRACE_MS - 1)
    expect([gone, leases.isGone('other'), [...leases.live]]).toEqual([[], false, []])

    await pass(1)

    expect([gone, leases.isGone('other')]).toEqual([['other'], true])
    expect(leases.heard('other')).toBe(true)
  })

  it('T-61 no lease ends while the broker is down, and each is whole when it is back', async () => {
    leases.heard('other')
    await pass(10_000)
    leases.pause()
    await pass(60_000)
    expect([gone, leases.isGone('other'), leases.isGone('unknown')]).toEqual([[], false, false])

    leases.begin()
    await pass(LEASE_MS - 1)
    expect(gone).toEqual([])
    await pass(1)

    expect(gone).toEqual(['other'])
  })

  it('T-61 a process that was gone before an outage is not gone at once after it', async () => {
    leases.heard('other')
    await pass(20_000)
    expect(leases.isGone('other')).toBe(true)

    leases.pause()
    leases.begin()

    expect(leases.isGone('other')).toBe(false)
  })

  it('remembers 10 000 processes that are missed, the newest ones', async () => {
    leases.isGone('first')
    for (let n = 0; n < 10_000; n++) leases.isGone(`${n}`)
    await pass(LEASE_MS)

    expect(leases.isGone('0')).toBe(true)
    expect(leases.isGone('first')).toBe(false)
  })

  it('tells nothing after its end', async () => {
    leases.heard('a')
    leases.heard('b')
    leases.leave('b')
    leases.end()
    await pass(60_000)

    expect([gone, environment.timers.size]).toEqual([[], 0])
  })
})
