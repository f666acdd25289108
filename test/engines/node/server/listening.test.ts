import { describe, expect, it } from 'vitest'

import { createApplication, type Logger } from '../../../../src/application/index.ts'
import { createApplicationOn } from '../../../../src/application/internal.ts'
import { seconds, VirtualClock } from '../../../../src/base/index.ts'
import { hasLeft, logListening } from '../../../../src/engines/node/server/listening.ts'

function recording(lines: unknown[]): Logger {
  const silent = (): void => {}
  return {
    debug: silent,
    warn: silent,
    error: silent,
    info: (facts, message) => void lines.push([message, facts]),
  }
}

describe('logListening()', () => {
  it('writes one line with the address', () => {
    const lines: unknown[] = []

    logListening(recording(lines), { host: '::', port: 80 }, { workers: 2 })
    logListening(recording(lines), { host: '', port: 0, socketPath: '/run/app.sock' }, {})

    expect(lines).toEqual([
      ['Server listens', { host: '::', port: 80, workers: 2 }],
      ['Server listens', { socketPath: '/run/app.sock' }],
    ])
  })
})

describe('hasLeft()', () => {
  it('resolves at once for an application that is not leaving', async () => {
    await hasLeft(createApplication())
  })

  it('resolves at the end of the lead', async () => {
    const clock = new VirtualClock()
    const app = createApplicationOn(clock, undefined, {})
    let left = false
    const stopped = app.stop({ lead: seconds(2) })

    const leaving = hasLeft(app).then(() => (left = true))
    await clock.advance(1999)
    const before = left
    await clock.advance(1)
    await leaving
    await stopped

    expect([before, left]).toEqual([false, true])
  })
})
