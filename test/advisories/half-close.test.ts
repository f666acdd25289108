/**
 * Resources that are not freed when one side ends: descriptors that leak, processors that spin.
 *
 * CVE-2026-42577 (Netty: a reset on a half-closed connection), CVE-2024-23672 (Tomcat), KTOR-7965,
 * bun PR #42974.
 */

import { describe, expect, it } from 'vitest'

import { Deferred } from '../../src/base/internal.ts'
import { settled } from '../support/memory-world.ts'
import { defaultSession } from '../support/session.ts'

type Opened = ReturnType<typeof defaultSession>

/** What a peer does at the end, in order. */
const ENDINGS: ReadonlyArray<readonly [name: string, end: (opened: Opened) => void]> = [
  ['FIN', ({ peer }) => peer.end()],
  ['RST', ({ peer }) => peer.reset()],
  ['FIN, then RST', ({ peer }) => (peer.end(), peer.reset())],
  ['Close, then FIN', ({ peer }) => (peer.close(1000), peer.end())],
  ['Close, then RST', ({ peer }) => (peer.close(1000), peer.reset())],
  ['Close, then silence', ({ peer }) => peer.close(1000)],
  ['half a frame, then FIN', ({ peer }) => (peer.send('82 fe 03'), peer.end())],
  ['half a payload, then RST', ({ peer }) => (peer.send('82 85 00 00 00 00 61'), peer.reset())],
  ['silence', ({ link }) => link.cut()],
]

/** What the session does meanwhile. */
const MEANWHILE: ReadonlyArray<readonly [name: string, act: (opened: Opened) => Promise<unknown>]> =
  [
    ['does nothing', () => Promise.resolve()],
    ['sends', ({ session }) => session.send('x')],
    [
      'has a write that stands still',
      async ({ session, peer }) => {
        peer.pause()
        await session.send(new Uint8Array(300_000))
        await session.send('queued')
      },
    ],
    [
      'is closing',
      ({ session }) => {
        void session.close()
        return Promise.resolve()
      },
    ],
    [
      'does not read',
      async ({ peer }) => {
        for (let sent = 0; sent < 100; sent++) peer.text('x'.repeat(1000))
        await settled()
      },
    ],
  ]

describe('advisory: resources of a half-closed connection', () => {
  for (const [end, endWith] of ENDINGS) {
    for (const [act, meanwhile] of MEANWHILE) {
      it(`${end} while the session ${act}: nothing is left`, async () => {
        const opened = defaultSession({
          pingInterval: 5_000,
          incoming: { capacity: 4, maxBytes: 100_000, onOverflow: 'suspend' },
          readAhead: 1_000,
        })
        const { session, clock, link, heard } = opened
        const slow = new Deferred<void>()
        const handler = session.run(async () => {
          await meanwhile(opened)
          await slow.promise
          await session.incoming.toArray()
        })
        await settled()

        endWith(opened)
        // The write limit, the closing, and the pings have all had their time; then the handler
        // reads on.
        await clock.advance(60_000)
        slow.resolve()
        await clock.advance(60_000)
        await handler

        expect(heard.closed.length).toBe(1)
        expect(clock.pendingTimers).toBe(0)
        expect(session.heldBytes).toBe(0)
        expect(link.isOver || end === 'silence').toBe(true)
        expect(session.signal.aborted).toBe(true)
        await session.flush()
      })
    }
  }
})
