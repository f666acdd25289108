/**
 * Counts the objects of one connection that an echo touches: each is a cache miss where there are
 * many connections. An object is touched when one of its public methods or accessors is called.
 * `npm run check:objects` counts what an idle session holds.
 */

import { expect, it } from 'vitest'

import { DefaultSession } from './support/bare-session.ts'
import { Gate } from './support/gate.ts'
import { memoryEnvironment, settled } from './support/memory-world.ts'
import { clientFrame } from './support/peer.ts'
import { SETTINGS } from './support/session.ts'

const MODULES: Record<string, Record<string, unknown>> = import.meta.glob(
  [
    '../src/base/**/*.ts',
    '../src/channels/**/*.ts',
    '../src/protocol/**/*.ts',
    '../src/session/**/*.ts',
  ],
  { eager: true },
)

let touched = new Set<object>()

/** Makes every public method and accessor of `prototype` note the object that it is called on. */
function watch(prototype: object): void {
  for (const key of Reflect.ownKeys(prototype)) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, key)
    if (key === 'constructor' || descriptor?.configurable !== true) continue
    const { value, get, set } = descriptor
    const noting = (method: Function) =>
      function (this: object, ...args: unknown[]): unknown {
        touched.add(this)
        return Reflect.apply(method, this, args)
      }
    Object.defineProperty(prototype, key, {
      ...descriptor,
      ...(typeof value === 'function' && { value: noting(value) }),
      ...(get !== undefined && { get: noting(get) }),
      ...(set !== undefined && { set: noting(set) }),
    })
  }
}

function isClass(value: unknown): value is { readonly prototype: object } {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))
}

/** A session that sends back what it receives. */
function open(environment: ReturnType<typeof memoryEnvironment>) {
  const gate = new Gate()
  const session = new DefaultSession(gate, SETTINGS, environment, {
    handlerFailed: () => {},
    limitReached: () => {},
    buffered: () => {},
    frameDropped: () => {},
    closed: () => {},
  })
  session.start()
  void session.run(async () => {
    const { incoming, send } = session
    for await (const frame of incoming) await send(frame)
  })
  /** @returns the objects that one message and its answer have touched. */
  const echo = async (): Promise<Set<object>> => {
    touched = new Set()
    gate.receive(clientFrame('text', 'a'))
    await settled()
    return touched
  }
  return { gate, echo }
}

it('an echo touches at most 8 objects of its connection', async () => {
  const classes = new Set(Object.values(MODULES).flatMap((module) => Object.values(module)))
  for (const value of [...classes, Gate]) if (isClass(value)) watch(value.prototype)
  const environment = memoryEnvironment()
  const [one, other] = [open(environment), open(environment)]
  await one.echo()
  await other.echo()

  const [ofOne, ofOther] = [await one.echo(), await other.echo()]

  const own = [...ofOne].filter((object) => !ofOther.has(object))
  const names = own.map((object) => object.constructor.name)
  expect(one.gate.writes.length).toBe(2)
  expect(names).toContain('ReadHalf')
  expect(names).toContain('WriteHalf')
  console.log(names)
  expect(names.length, names.join(', ')).toBeLessThanOrEqual(8)
})
