import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, it } from 'vitest'

import { reportDrained } from '../../../../src/engines/node/transports/report-drained.ts'
import { Recorder } from '../../../suites/transports.ts'

it('reportDrained() calls the receiver outside the async context of its caller', () => {
  const user = new AsyncLocalStorage<string>()
  const recorder = new Recorder()
  let store: string | undefined = 'none'
  recorder.react = () => (store = user.getStore())

  user.run('alice', () => reportDrained(recorder))

  expect(recorder.log).toEqual(['drained'])
  expect(store).toBe(undefined)
})

it('reportDrained() does nothing without a receiver', () => {
  expect(() => reportDrained(null)).not.toThrow()
})
