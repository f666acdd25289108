/** `withTestApplication`: runs a test with an application, and cleans up. */

// Imported, not taken from the global object, so that fake timers of a test runner do not replace
// it.
import { setTimeout } from 'node:timers/promises'

import type { Application, Logger } from '../application/index.ts'
import { createApplicationOn, type SessionRegistry } from '../application/internal.ts'
import { Clients } from './clients.ts'
import type { RawConnectOptions } from './connect-options.ts'
import { converse, type ConversationParts } from './conversation.ts'
import { HandlersStillRunningError } from './errors.ts'
import { Failures, throwTogether } from './failures.ts'
import { FaultControl, Network } from './network-faults.ts'
import type { ConversationBlock, TestApplication } from './test-application.ts'
import { createTestEnvironment, settled, type TestEnvironment } from './test-environment.ts'

/** Options of a test application. */
export interface TestApplicationOptions {
  /**
   * The seed of masks, ids, ping payloads and random cuts: a whole number, whose lower 32 bits
   * count. The same seed gives the same bytes. @defaultValue 1
   */
  readonly seed?: number

  /** Also gets the application's log. @defaultValue none */
  readonly logger?: Logger
}

/** A test. `withTestApplication` returns its result. */
export type TestBlock<T> = (t: TestApplication) => Promise<T> | T

/** Sets an application up, as for `createApplication`. */
export type Module = (app: Application) => void

interface Arguments<T> {
  readonly module: Module | undefined
  readonly block: TestBlock<T>
  readonly options: TestApplicationOptions
}

type ConversationArguments =
  | [block: ConversationBlock]
  | [setup: RawConnectOptions, block: ConversationBlock]

const DEFAULT_SEED = 1

/** The time for handlers, in virtual time, before their sessions are dropped. */
const STOP_TIMEOUT_MS = 15_000

/**
 * The end may take an hour of virtual time, second by second, because the test's own `stop` may be
 * under way.
 */
const LAST_STEPS = 3600
const STEP_MS = 1000

/** The real time for handlers after that: for files, databases, and timers of their own. */
const PATIENCE_MS = 2000

/**
 * The turns of the event loop that handlers get beside it: a process that had no processor for so
 * long finds its time used up before its handlers have run.
 */
const PATIENCE_TURNS = 100

/**
 * Makes an application in memory, set up by `module` if there is one, and runs `block` with it.
 * Then all clients leave, the application stops, and time goes on until every handler has returned:
 * a session that the block forgot holds nothing up.
 *
 * @returns what `block` returned.
 * @throws (by rejecting) what `block` threw; what failed in the application's own code and was not
 *   taken by `t.takeFailures()`; `HandlersStillRunningError` if a handler does not end even after
 *   its session was dropped; several of them as one `AggregateError`.
 *
 * Ktor: `withTestApplication`.
 *
 * @example
 * ```ts run
 * import { WebSockets } from 'towpath'
 * import { withTestApplication } from 'towpath/testing'
 *
 * await withTestApplication(async (t) => {
 *   t.application.install(WebSockets)
 *   t.application.routing((route) => {
 *     route.webSocket('/echo', async ({ incoming, send }) => {
 *       for await (const frame of incoming) await send(frame)
 *     })
 *   })
 *   const session = await t.connect('/echo')
 *   await session.send('hello')
 *   console.log(await session.incoming.receive()) // Frame.Text "hello"
 * })
 * ```
 */
export function withTestApplication<T>(
  block: TestBlock<T>,
  options?: TestApplicationOptions,
): Promise<T>
export function withTestApplication<T>(
  module: Module,
  block: TestBlock<T>,
  options?: TestApplicationOptions,
): Promise<T>
export async function withTestApplication<T>(
  first: TestBlock<T> | Module,
  second?: TestBlock<T> | TestApplicationOptions,
  third?: TestApplicationOptions,
): Promise<T> {
  const { module, block, options } = readArguments(first, second, third)
  return runTests([module], ([t]) => block(t!), options) // one for each module
}

/**
 * Runs a block with one test application for each module, which share their time, and ends all of
 * them.
 */
export async function runTests<T>(
  modules: ReadonlyArray<Module | undefined>,
  block: (tests: readonly TestApplication[]) => Promise<T> | T,
  options: TestApplicationOptions,
): Promise<T> {
  const environment = createTestEnvironment(options.seed ?? DEFAULT_SEED)
  const failures = new Failures(options.logger ?? null)
  const made = modules.map((module) => {
    const application = createApplicationOn(environment.clock, module, {
      logger: failures.logger,
    })
    const network = new Network(environment)
    const clients = new Clients(application, environment, network, failures)
    // The applications that createApplication makes have no other kind.
    const sessions = application.sessions as SessionRegistry
    return { network, parts: { application, sessions, clients, failures } }
  })

  let result: { readonly value: T } | null = null
  let own: { readonly error: unknown } | null = null
  try {
    const tests = made.map(({ parts, network }) =>
      createTestApplication(parts, environment, network),
    )
    result = { value: await block(tests) }
  } catch (error) {
    own = { error }
  }
  for (const { parts } of made) {
    try {
      await end(parts, environment)
    } catch (error) {
      // A handler that waits for a test that has failed is no news.
      if (own === null) failures.add(error)
    }
  }
  throwTogether(failures.take(), own)
  return result!.value // nothing was thrown, so the block has returned
}

/** The overloads leave no other combinations. */
function readArguments<T>(
  first: TestBlock<T> | Module,
  second: TestBlock<T> | TestApplicationOptions | undefined,
  third: TestApplicationOptions | undefined,
): Arguments<T> {
  if (typeof second === 'function') {
    return { module: first as Module, block: second, options: third ?? {} }
  }
  return { module: undefined, block: first as TestBlock<T>, options: second ?? {} }
}

function createTestApplication(
  parts: ConversationParts,
  environment: TestEnvironment,
  network: Network,
): TestApplication {
  const { application, clients, failures } = parts
  return {
    application,
    clock: environment.clock,
    network: new FaultControl(network, environment),
    client: clients.client,
    connect: (uri, options) => clients.connect(uri, options),
    connectRaw: (uri, options) => clients.connectRaw(uri, options),
    connectBytes: (uri, options) => clients.connectBytes(uri, options),
    handleWebSocketConversation(uri: string, ...rest: ConversationArguments) {
      return rest.length === 1
        ? converse(parts, uri, {}, rest[0])
        : converse(parts, uri, rest[0], rest[1])
    },
    settle: settled,
    takeFailures: () => failures.take(),
  }
}

/** Ends everything, in virtual time as far as that helps. Rejects if handlers are left. */
async function end(
  { application, clients, sessions }: ConversationParts,
  { clock }: TestEnvironment,
): Promise<void> {
  await settled()
  let isOver = false
  const over = Promise.all([
    clients.end(),
    application.stop({ grace: 0, timeout: STOP_TIMEOUT_MS }).then(() => sessions.whenEmpty()),
  ]).then(() => {
    isOver = true
  })

  await settled()
  for (let step = 0; !isOver && clock.pendingTimers > 0 && step < LAST_STEPS; step++) {
    await clock.advance(STEP_MS)
  }
  const patience = new AbortController()
  const expired = setTimeout(PATIENCE_MS, undefined, { signal: patience.signal })
  await Promise.race([over, expired])
  patience.abort()
  await expired.catch(() => {
    // Taken back, because everything was over before.
  })
  for (let turn = 0; turn < PATIENCE_TURNS && !isOver; turn++) await settled()
  if (isOver) return
  throw new HandlersStillRunningError([...sessions].map(({ call }) => call.request.path))
}
