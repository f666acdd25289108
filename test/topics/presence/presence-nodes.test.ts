import { describe, expect, it } from 'vitest'
import { memoryBroker, MemoryLog } from '../../../src/topics/index.ts'
import { encodePresence } from '../../../src/topics/presence/presence-messages.ts'
import { PresenceNodes } from '../../../src/topics/presence/presence-nodes.ts'
import {
  createTestEnvironment,
  type TestEnvironment,
} from '../../../src/testing/test-environment.ts'

/** A process that listens to others. */
async function listening(environment: TestEnvironment): Promise<PresenceNodes> {
  const broker = memoryBroker({ log: new MemoryLog() })
  const settings = { broker, environment, nodeId: 'own', nodeTimeoutMs: 15_000, graceMs: 10_000 }
  const nodes = new PresenceNodes(settings, { seen() {}, gone() {}, asked() {} })
  const sink = { event() {}, message() {}, state() {} }
  await broker.open(sink, { namespace: 'test', nodeId: 'own', environment })
  nodes.brokerChanged(true)
  nodes.start()
  await environment.clock.advance(0)
  return nodes
}

function says(nodes: PresenceNodes, type: 'alive' | 'bye'): void {
  nodes.message(encodePresence({ type, node: 'other' }))
}

describe('PresenceNodes', () => {
  it('T-60 an unknown process is gone when it has been silent for a lease', async () => {
    const environment = createTestEnvironment(1)
    const nodes = await listening(environment)
    await environment.clock.advance(60_000)

    expect(nodes.isGone('other')).toBe(false)
    await environment.clock.advance(14_999)
    expect(nodes.isGone('other')).toBe(false)
    await environment.clock.advance(1)
    expect(nodes.isGone('other')).toBe(true)
    says(nodes, 'alive')
    expect(nodes.isGone('other')).toBe(false)
    nodes.end()
  })

  it('T-60 a process is gone when its lease ends, and after the grace when it stops', async () => {
    const environment = createTestEnvironment(1)
    const nodes = await listening(environment)
    says(nodes, 'alive')
    await environment.clock.advance(14_999)
    expect(nodes.isGone('other')).toBe(false)
    await environment.clock.advance(1)
    expect(nodes.isGone('other')).toBe(true)

    says(nodes, 'alive')
    says(nodes, 'bye')
    await environment.clock.advance(9999)
    expect(nodes.isGone('other')).toBe(false)
    await environment.clock.advance(1)
    expect(nodes.isGone('other')).toBe(true)
    nodes.end()
  })

  it('T-61 no process is gone while the broker is down, nor at once when it is back', async () => {
    const environment = createTestEnvironment(1)
    const nodes = await listening(environment)
    says(nodes, 'alive')
    await environment.clock.advance(20_000)
    expect(nodes.isGone('other')).toBe(true)

    nodes.brokerChanged(false)
    expect(nodes.isGone('other')).toBe(false)
    await environment.clock.advance(60_000)
    nodes.brokerChanged(true)

    expect(nodes.isGone('other')).toBe(false)
    nodes.end()
  })
})
