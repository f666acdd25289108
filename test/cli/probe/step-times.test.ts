import { expect, it } from 'vitest'
import { VirtualClock } from '../../../src/base/index.ts'
import { StepTimes } from '../../../src/cli/probe/step-times.ts'

it('E-22 each step lasts until the next one begins, and the last one until the answer', async () => {
  const clock = new VirtualClock()
  const steps = new StepTimes(clock)
  await clock.advance(1000)

  steps.dialing()
  await clock.advance(50)
  steps.entered('connect')
  await clock.advance(7)
  steps.entered('tls')
  await clock.advance(20)
  steps.entered('handshake')
  await clock.advance(3)
  steps.answered()

  expect(steps.times).toEqual([
    { step: 'resolve', ms: 50 },
    { step: 'connect', ms: 7 },
    { step: 'tls', ms: 20 },
    { step: 'handshake', ms: 3 },
  ])
})

it('E-22 a redirect begins the times anew', async () => {
  const clock = new VirtualClock()
  const steps = new StepTimes(clock)
  steps.dialing()
  await clock.advance(50)
  steps.entered('handshake')
  steps.answered()

  steps.dialing()
  await clock.advance(4)
  steps.entered('handshake')
  await clock.advance(1)
  steps.answered()

  expect(steps.times).toEqual([
    { step: 'resolve', ms: 4 },
    { step: 'handshake', ms: 1 },
  ])
})
