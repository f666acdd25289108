/**
 * Conformance to RFC 6455 and 7692: every rule that is visible in bytes, with the bytes cut in
 * every way, on every engine and in both roles. Only the strict answer passes. The cases are those
 * of `towpath check` (`src/cli/check/cases/`). docs/rfc-map.md lists the rules and their tests.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { frameCases } from '../../../src/cli/check/cases/all-cases.ts'
import { codeCase } from '../../../src/cli/check/cases/closing.ts'
import { GOODBYE, PING } from '../../../src/cli/check/wire/frame-bytes.ts'
import { concat, wire } from '../../protocol/wire.ts'
import { toHex } from '../../support/bytes.ts'
import { exchange, runCase } from './exchange.ts'
import type { Subject } from './subject.ts'

/** More than any of them takes on a busy machine by far; a quadratic decoder would need hours. */
const TIME = { timeout: 60_000 }

/** Runs everything on one subject. */
export function conformance(subject: Subject): void {
  describe(`conformance of ${subject.name}`, () => {
    beforeAll(() => subject.start())
    afterAll(() => subject.stop())

    const cases = frameCases(subject.role)
    for (const family of new Set(cases.map((each) => each.family))) {
      describe(`family ${family}`, () => {
        it.each(cases.filter((each) => each.family === family))('$name', TIME, (each) =>
          runCase(subject, each),
        )
      })
    }

    it(
      'codes from 0 to 65535 are answered with themselves, or refused with 1002',
      TIME,
      async () => {
        // One in 97, and all that are near a boundary: 65536 connections would take a minute.
        const tried = Array.from({ length: 65536 }, (_, code) => code).filter(
          (code) =>
            code % 97 === 0 ||
            (code >= 990 && code <= 1100) ||
            code % 1000 < 2 ||
            code % 1000 === 999,
        )
        for (const code of tried) await runCase(subject, codeCase(code), ['at once'])
      },
    )

    it('the newest of many pings at once is answered, and no answer is made up (§5.5.3)', async () => {
      const payloads = Array.from({ length: 1000 }, (_, index) => Uint8Array.of(index >> 8, index))
      const frames = payloads.map((payload) => wire(subject.role, { first: PING, payload }))

      const got = await exchange(subject, [concat(...frames, wire(subject.role, GOODBYE))])

      const answers = toHex(got).match(/8a 02 .. ../g) ?? []
      expect(answers.at(-1)).toBe('8a 02 03 e7')
      expect(new Set(answers).size).toBe(answers.length)
      expect(answers).toEqual([...answers].sort())
      expect(got.length).toBe(4 * answers.length + 4)
    })
  })
}
