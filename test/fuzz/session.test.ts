/**
 * Whole sessions against the reference: an echo is sent streams of any kind, and what comes back,
 * what is reported and what is left are what the contract says for what the reference reads.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Reading, readStream, wholeMessages } from '../support/reference-decoder.ts'
import { defaultSession } from '../support/session.ts'
import { effort, TIME } from './effort.ts'
import { cutAs, cuttings, damaged, seeds, streams } from './streams.ts'

const LIMITS = { maxFrameSize: Infinity, maxMessageSize: 2 ** 18, maxFragments: 64 } as const

/** Up to here an echo never has to wait for its peer. */
const UNHINDERED_BYTES = 64 * 1024

describe('DefaultSession, fuzzed', () => {
  it(
    'DefaultSession echoes, answers and ends as the reference says, for any stream',
    TIME,
    async () => {
      await fc.assert(fc.asyncProperty(damaged(streams('server')), cuttings, converse), effort(600))
    },
  )

  it(
    'DefaultSession echoes, answers and ends as the reference says, for damaged seeds',
    TIME,
    async () => {
      const stream = fc.constantFrom(...seeds('frames.hex'))

      await fc.assert(fc.asyncProperty(damaged(stream, 3), cuttings, converse), effort(900))
    },
  )
})

async function converse(bytes: Uint8Array, sizes: readonly number[]): Promise<void> {
  const { session, peer, heard } = defaultSession(LIMITS)
  const ran = session.run(async () => {
    for await (const frame of session.incoming) await session.send(frame)
  })

  for (const piece of cutAs(bytes, sizes)) peer.send(piece)
  peer.end()
  const answer = await peer.inbox.take(Infinity)
  await ran

  const sent = readStream(bytes, { role: 'server', ...LIMITS })
  const got = readStream(answer, { role: 'client', ...LIMITS, maxFragments: 1 })
  expect(got).toMatchObject({ broken: null, isWhole: true })
  expectEcho(sent, got, bytes.length)
  expect(got.events.filter((event) => event.startsWith('close'))).toEqual(closeFor(sent))
  expect((await session.closed).reason.code).toBe(codeFor(sent))
  expect(heard.failures).toEqual([])
  expect(session.heldBytes).toBe(0)
}

function expectEcho(sent: Reading, got: Reading, byteLength: number): void {
  const messages = messagesOf(sent)
  const echoed = messagesOf(got)
  if (byteLength <= UNHINDERED_BYTES) expect(echoed).toEqual(messages)
  else expect(echoed).toEqual(messages.slice(0, echoed.length))

  const pings = sent.events.filter((event) => event.startsWith('ping'))
  const pongs = got.events.filter((event) => event.startsWith('pong'))
  let at = 0
  for (const pong of pongs) {
    // Of pings that wait only the newest is answered (§5.5.3).
    while (at < pings.length && pings[at]?.slice(4) !== pong.slice(4)) at++
    expect(at++).toBeLessThan(pings.length)
  }
}

function messagesOf({ events }: Reading): string[] {
  return wholeMessages(events).filter((event) => /^(text|binary)/.test(event))
}

function closeFor({ events, code }: Reading): string[] {
  if (code !== null) return [`close ${code} ""`]
  const close = events.at(-1)
  if (close === undefined || !close.startsWith('close')) return []
  return [close.replace(/".*"$/s, '""')]
}

function codeFor({ events, code }: Reading): number {
  if (code !== null) return code
  const close = events.at(-1)
  if (close === undefined || !close.startsWith('close')) return 1006
  return close === 'close' ? 1005 : Number(close.split(' ')[1])
}
