/**
 * Bytes that arrive one by one. What a peer answers may not depend on how bytes are cut. The public
 * suite has only one such case.
 */

import { type CheckCase, type FrameCase, handshakeCase } from '../check-case.ts'

/** One of so many cases of each family is sent byte by byte. */
const EVERY = 10

/** Families whose cases are sent byte by byte. */
const FAMILIES: readonly string[] = ['framing', 'pings', 'fragmentation', 'utf8', 'closing']

/** Returns the slow form of some of the cases, and of a request. */
export function slowCases(cases: readonly FrameCase[]): CheckCase[] {
  const request = handshakeCase(
    'slow',
    '4.2.1',
    'MUST',
    'a request, byte by byte, is accepted',
    'opens',
    {},
    { isSlow: true },
  )
  const slow = FAMILIES.flatMap((family) =>
    cases.filter((each) => each.family === family && isSmall(each)).filter(isChosen),
  )
  return [request, ...slow.map(slowly)]
}

function slowly(each: FrameCase): FrameCase {
  return { ...each, family: 'slow', name: `${each.name}, byte by byte`, isSlow: true }
}

function isChosen(_each: FrameCase, index: number): boolean {
  return index % EVERY === 0
}

function isSmall({ exchange }: FrameCase): boolean {
  const { gets, isAtOnce = false, isLarge = false, sends } = exchange()
  return !isLarge && !isAtOnce && gets.length < 200 && sends.length < 20
}
