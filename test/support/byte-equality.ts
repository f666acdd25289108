/**
 * Setup of all tests: `toEqual` compares equal bytes at once. It would compare them one by one
 * otherwise, which takes a quarter of a second for 100 KiB.
 */

import { expect } from 'vitest'

/** Files that share a process share the list of testers: it gets this one once. */
const ADDED = Symbol.for('towpath.test.byteEquality')

/** Decides that bytes are equal, and leaves all other cases to Vitest. */
function haveEqualBytes(a: unknown, b: unknown): true | undefined {
  if (!(a instanceof Uint8Array && b instanceof Uint8Array)) return undefined
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return undefined
  return a.length === b.length && Buffer.compare(a, b) === 0 ? true : undefined
}

if (!Reflect.has(globalThis, ADDED)) {
  Reflect.set(globalThis, ADDED, true)
  expect.addEqualityTesters([haveEqualBytes])
}
