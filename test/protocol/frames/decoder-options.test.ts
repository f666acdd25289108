import { expect, it } from 'vitest'

import { rulesFor } from '../../../src/protocol/frames/decoder-options.ts'

it('rulesFor() fills in the defaults', () => {
  expect(rulesFor({ role: 'server' })).toMatchObject({
    expectsMask: true,
    maxFrameSize: Infinity,
    maxMessageSize: 1_048_576,
    maxFragments: 65_552,
    gathers: true,
    claimedBits: 0,
  })
  expect(rulesFor({ role: 'client' }).expectsMask).toBe(false)
})

it('rulesFor() gives decoders with the same options one object', () => {
  const rules = rulesFor({ role: 'server', maxFrameSize: 1234 })

  expect(rulesFor({ role: 'server', maxFrameSize: 1234, messages: true })).toBe(rules)
  expect(rulesFor(rules.options)).toBe(rules)
  expect(rulesFor({ role: 'server', maxFrameSize: 1235 })).not.toBe(rules)
  expect(rulesFor({ role: 'client', maxFrameSize: 1234 })).not.toBe(rules)
  expect(rulesFor({ role: 'server', maxFrameSize: 1234, claimedBits: 4 })).not.toBe(rules)
})

it('rulesFor() keeps only the rules that were made last', () => {
  // Other tests share these rules, and make none of such sizes.
  const first = rulesFor({ role: 'server', maxFrameSize: 700_000 })
  for (let more = 1; more <= 16; more++) rulesFor({ role: 'server', maxFrameSize: 700_000 + more })

  const again = rulesFor({ role: 'server', maxFrameSize: 700_000 })

  expect(again).not.toBe(first)
  expect(again.equals(first)).toBe(true)
})
