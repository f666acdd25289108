/**
 * Conformance to RFC 6455: every rule that is visible in bytes, with the bytes cut in every way, on
 * every engine and in both roles. Only the strict behaviour passes. docs/rfc-map.md lists the rules
 * and their tests.
 */

import { afterAll, beforeAll, describe } from 'vitest'
import { closing } from './closing.ts'
import { compression } from './compression.ts'
import { fragmentation } from './fragmentation.ts'
import { framing } from './framing.ts'
import { limits } from './limits.ts'
import { pings } from './pings.ts'
import type { Subject } from './subject.ts'
import { utf8Text } from './utf8.ts'

/** Runs everything on one subject. */
export function conformance(subject: Subject): void {
  describe(`conformance of ${subject.name}`, () => {
    beforeAll(() => subject.start())
    afterAll(() => subject.stop())

    framing(subject)
    pings(subject)
    fragmentation(subject)
    utf8Text(subject)
    closing(subject)
    limits(subject)
    if (subject.role === 'server') compression(subject)
  })
}
