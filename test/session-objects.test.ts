/**
 * Counts the objects of one connection that an echo touches: each is a cache miss where there are
 * many connections. An object is touched when one of its public methods or accessors is called.
 * `npm run check:objects` counts what an idle session holds.
 */

import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

import { listFiles } from '../tools/list-files.ts'
import { DefaultSession } from './support/bare-session.ts'
import { Gate } from './support/gate.ts'
import { memoryEnvironment, settled } from './support/memory-world.ts'
import { clientFrame } from './support/peer.ts'
import { SETTINGS } from './support/session.ts'

/** The folders whose classes make up a session. */
const FOLDERS = ['base', 'channels', 'protocol', 'session']

let touched = new Set<object>()

/** Makes every public method and accessor of `prototype` note the object that it is called on. */
function watch(prototype: object): void {
  for (const key of Reflect.ownKeys(prototype)) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, key)
    if (key === 'constructor' || descriptor?.configurable !== true) continue
    const noting = (method: unknown) =>
      function (this: object, ...args: unknown[]): unknown {
        touched.add(this)
        return Reflect.apply(method as () => unknown, this, args) // only functions come here
      }
    const changed: PropertyDescriptor = { ...descriptor }
    for (const part of ['value', 'get', 'set'] as const) {
      if (typeof descriptor[part] === 'function') changed[part] = noting(descriptor[part])
    }
    Object.defineProperty(prototype, key, changed)
  }
}

function isClass(value: unknown): value is { readonly prototype: object } {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))
}

/** Everything that the files of `folders` export, once. */
async function exportsOf(folders: readonly string[]): Promise<Set<unknown>> {
  const found = new Set<unknown>()
  for (const folder of folders) {
    const root = fileURLToPath(new URL(`../src/${folder}`, import.meta.url))
    for (const file of listFiles(root, '.ts')) {
      const module = (await import(`${root}/${file}`)) as Record<string, unknown>
      for (const value of Object.values(module)) found.add(value)
    }
  }
  return found
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

it('an echo touches at most 7 objects of its connection', async () => {
  for (const value of [...(await exportsOf(FOLDERS)), Gate]) {
    if (isClass(value)) watch(value.prototype)
  }
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
  // Shows the names if there are too many.
  expect(names.length > 7 ? names : []).toEqual([])
})
