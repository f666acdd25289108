import { describe, expect, it } from 'vitest'
import { createTestEnvironment } from '../../../src/testing/test-environment.ts'
import { Line } from '../../../src/topics/memory/line.ts'
import { RecordingSink } from '../../suites/brokers/harness.ts'

function createLine(namespace = 'test') {
  const environment = createTestEnvironment(1)
  const line = new Line(new RecordingSink(), { namespace, nodeId: 'a', environment })
  const delivered: string[] = []
  const push = (what: string): void => {
    line.toLog.push(() => delivered.push(`${what} to the log`))
    line.toNode.push(() => delivered.push(`${what} to the node`))
  }
  return { environment, line, delivered, push }
}

describe('Line', () => {
  it('T-56 keys of two namespaces never meet', () => {
    const [a, b] = [createLine('a'), createLine('a-b')]
    expect(a.line.keyOf('b:x')).not.toBe(b.line.keyOf('x'))
    expect(a.line.keyOf('x')).toBe(createLine('a').line.keyOf('x'))
  })

  it('delays, stalls and loses both directions alike', async () => {
    const { environment, line, delivered, push } = createLine()
    line.delay(10)
    push('late')
    await environment.clock.advance(9)
    expect(delivered).toEqual([])
    await environment.clock.advance(1)
    expect(delivered).toEqual(['late to the log', 'late to the node'])

    line.delay(0)
    line.stall()
    push('stalled')
    expect(delivered).toHaveLength(2)
    line.resume()
    expect(delivered.slice(2)).toEqual(['stalled to the log', 'stalled to the node'])

    line.stall()
    push('lost')
    line.break()
    push('next')
    expect(delivered.slice(4)).toEqual(['next to the log', 'next to the node'])
  })
  it('brings the result of a request back, and its error, each through both directions', async () => {
    const { environment, line } = createLine()
    line.delay(10)
    const settledAt: number[] = []
    const at = (): number => settledAt.push(environment.clock.now())
    const done = line.request(at, () => new Error('broken'))
    const failed = line.request(
      () => {
        throw new TypeError('no')
      },
      () => new Error('broken'),
    )
    failed.catch(() => {}) // asserted below
    void done.then(at)
    await environment.clock.advance(20)

    expect(await done).toBe(1)
    await expect(failed).rejects.toThrow(TypeError)
    expect(settledAt).toEqual([10, 20])
  })

  it('a line that breaks fails the requests under way, whether they have arrived or not', async () => {
    const { line } = createLine()
    line.stall()
    let arrived = 0
    const lost = line.request(
      () => arrived++,
      () => new Error('broken'),
    )
    line.break()
    await expect(lost).rejects.toThrow('broken')
    line.toNode.stall()
    const unanswered = line.request(
      () => arrived++,
      () => new Error('broken'),
    )
    line.break()

    await expect(unanswered).rejects.toThrow('broken')
    expect(arrived).toBe(1)
  })
})
