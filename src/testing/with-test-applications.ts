/**
 * `withTestApplications`: several applications in one test, as the processes of one service.
 */

import type { Application } from '../application/index.ts'
import { readWholeNumber, requireFunction } from '../base/internal.ts'
import type { TestApplication } from './test-application.ts'
import { runTests, type TestApplicationOptions } from './with-test-application.ts'

const ACT = 'test applications'

/**
 * Makes `count` applications in memory that share their time, each set up by `module`, and runs
 * `block` with them. They stand for the processes of one service: what connects them is up to
 * `module`, such as a `MemoryLog` of `towpath/topics`, whose faults the test switches on. Each has
 * clients and a network of its own. All end as with `withTestApplication`.
 *
 * @param count 1 or above.
 * @param module is told which of them it sets up, from 0.
 * @returns what `block` returned.
 * @throws (by rejecting) as `withTestApplication`.
 *
 * @example
 * ```ts run
 * import { WebSockets } from 'towpath'
 * import { withTestApplications } from 'towpath/testing'
 * import { defineTopic, memoryBroker, MemoryLog, Topics } from 'towpath/topics'
 *
 * const Room = defineTopic('rooms/:room', { history: { size: 10, age: 60_000 } })
 * const log = new MemoryLog()
 * await withTestApplications(
 *   2,
 *   (app) => {
 *     app.install(WebSockets)
 *     app.install(Topics, { broker: memoryBroker({ log }) })
 *   },
 *   async ([a, b]) => {
 *     log.cut()
 *     await a!.clock.advance(1000)
 *     log.mend()
 *     await a!.application.plugin(Topics).topic(Room, { room: '1' }).publish('hello')
 *     console.log(await b!.application.plugin(Topics).topic(Room, { room: '1' }).position())
 *   },
 * )
 * ```
 */
export async function withTestApplications<T>(
  count: number,
  module: (app: Application, index: number) => void,
  block: (tests: readonly TestApplication[]) => Promise<T> | T,
  options: TestApplicationOptions = {},
): Promise<T> {
  readWholeNumber(ACT, 'count', count, 1, { min: 1 })
  requireFunction(ACT, 'the module', module)
  requireFunction(ACT, 'the block', block)
  const modules = Array.from({ length: count }, (_, index) => (app: Application): void => {
    module(app, index)
  })
  return runTests(modules, block, options)
}
