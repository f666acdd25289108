/**
 * The names of topics: `/`-segments of Unicode text, at most 255 bytes.
 */

import { TopicNameError } from '../errors.ts'

/** The longest name, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 255

// Control characters, surrogates, and code points without a character.
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Cn}]/u
const UTF8 = new TextEncoder()

/**
 * Makes sure that `name` can be the name of a topic: 1 to 255 bytes of UTF-8 in Normalization Form
 * C, segments between slashes that are not empty, no control characters.
 *
 * @returns `name`.
 * @throws {TopicNameError}
 */
export function checkTopicName(name: string): string {
  const problem = problemOf(name)
  if (problem === null) return name
  // A name that a client has chosen may be long.
  throw new TopicNameError(typeof name === 'string' ? name.slice(0, MAX_NAME_BYTES) : '', problem)
}

/** Returns why `name` is invalid; `null` if it is valid. */
export function problemOf(name: unknown): string | null {
  if (typeof name !== 'string') return `it is a ${typeof name}, expected a string`
  if (name === '') return 'it is empty, expected 1 byte or more'
  // Each unit of a string is at most 3 bytes of UTF-8; most names need no counting.
  if (name.length * 3 > MAX_NAME_BYTES && UTF8.encode(name).length > MAX_NAME_BYTES) {
    return `it is longer than ${MAX_NAME_BYTES} bytes of UTF-8`
  }
  if (FORBIDDEN.test(name)) return 'it has control characters or unassigned code points'
  if (name.normalize('NFC') !== name) return 'it is not in Normalization Form C'
  if (name.startsWith('/') || name.endsWith('/') || name.includes('//')) {
    return 'it has an empty segment, expected text between the slashes'
  }
  return null
}
