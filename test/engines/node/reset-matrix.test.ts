/**
 * A sample of the fault matrix over real TCP: resets at every byte of the request and at every
 * stage of a session.
 */

import { beforeAll, describe, expect, it } from 'vitest'

import { type LoopbackVictim, LoopbackWorld, upgradeRequest } from '../../support/loopback-world.ts'
import { RawClient } from '../../support/loopback.ts'
import { clientClose, clientFrame } from '../../support/peer.ts'
import { type Moment, type MomentKind, MOMENTS } from '../../suites/faults.ts'

const FAULTS = {
  /** The program has ended: what still comes is answered with a reset. */
  FIN: (client: RawClient) => void client.socket.destroy(),
  RST: (client: RawClient) => void client.socket.resetAndDestroy(),
  'half-close': (client: RawClient) => {
    client.socket.resume()
    client.socket.end()
  },
}
type FaultName = keyof typeof FAULTS
// The keys of a record that was written out are those of its type.
const FAULT_NAMES = Object.keys(FAULTS) as FaultName[]

/** The code that the session ends with, and whether cleanly. */
const OUTCOMES: Readonly<
  Record<MomentKind, Readonly<Record<FaultName, readonly [number, boolean]>>>
> = {
  open: { FIN: [1006, false], RST: [1006, false], 'half-close': [1006, false] },
  blocked: { FIN: [1006, false], RST: [1006, false], 'half-close': [1006, false] },
  'our close': { FIN: [4000, false], RST: [4000, false], 'half-close': [4000, false] },
  'our close, queued': { FIN: [4000, false], RST: [4000, false], 'half-close': [4000, false] },
  'their close': { FIN: [4001, true], RST: [4001, true], 'half-close': [4001, true] },
  'their close, queued': { FIN: [4001, false], RST: [4001, false], 'half-close': [4001, true] },
}

const REQUEST = upgradeRequest('/victim')
const HI = '\x81\x02hi'

for (const transport of ['auto', 'stream'] as const) {
  describe(`a session over TCP (${transport})`, () => {
    let world: LoopbackWorld

    beforeAll(async () => {
      world = await LoopbackWorld.open(transport)
    })

    for (const fault of FAULT_NAMES) {
      it(`${fault} at every byte of the request: no session, no socket, nobody notices`, async () => {
        const clients = await Promise.all(
          Array.from(REQUEST, async (_, offset) => {
            const client = await RawClient.connect(world.port)
            if (offset > 0) client.send(REQUEST.slice(0, offset))
            return client
          }),
        )
        expect(await world.bystanderEchoes()).toBe(HI)

        for (const client of clients) FAULTS[fault](client)
        // A client that has only half-closed is told that its request was none, and dropped.
        await Promise.all(clients.map((client) => client.closed))

        expect(await world.bystanderEchoes()).toBe(HI)
        expect(world.application.sessions.size).toBe(1)
        for (const client of clients) expect(client.text).toMatch(/^$|^HTTP\/1\.1 400 /)
      })

      for (const moment of MOMENTS) {
        const [code, clean] = OUTCOMES[moment.kind][fault]
        it(`${fault} ${moment.name}: ends with ${code}${clean ? ', cleanly' : ''}`, async () => {
          const victim = await world.connect()
          await reach(victim, moment)
          expect(await world.bystanderEchoes()).toBe(HI)

          FAULTS[fault](victim.client)

          expect(await world.ended(victim)).toMatchObject({ reason: { code }, clean })
          await victim.client.closed
          expect(world.application.sessions.size).toBe(1)
          expect(victim.session.bufferedAmount).toBe(0)
          if (fault === 'half-close') expectDelivered(victim, moment.kind)
        })
      }
    }

    it('leaves no session, socket, timer or failure behind, after all of this', async () => {
      expect(await world.leftovers()).toEqual({ sessions: 0, timers: 0, failures: [] })
    })
  })
}

/** Brings the session to `moment`. */
async function reach(victim: LoopbackVictim, { kind, sent }: Moment): Promise<void> {
  const { client, session, handler, headBytes } = victim
  const isBacklogged = kind === 'blocked' || kind.endsWith('queued')
  if (isBacklogged) client.socket.pause()
  if (kind === 'blocked') client.send(clientFrame('text', 'fill, wait'))
  if (kind === 'our close') client.send(clientFrame('text', 'close'))
  if (kind === 'our close, queued') client.send(clientFrame('text', 'fill, close'))
  if (kind === 'their close, queued') client.send(clientFrame('text', 'fill'))
  if (isBacklogged) await handler.filled
  if (kind.startsWith('their close')) client.send(clientClose(4001))
  if (sent.length > 0) client.send(sent)
  if (kind === 'our close' || kind === 'their close') {
    await client.until(({ length }) => length >= headBytes + 4)
  }
  if (kind === 'their close, queued') await session.closeReason
}

/** A client that reads on is given all that was accepted, and the Close frame. */
function expectDelivered({ client, handler, headBytes }: LoopbackVictim, kind: MomentKind): void {
  if (!kind.endsWith('queued')) return
  expect(client.bytes.length).toBe(headBytes + handler.floodBytes + 4)
  const close = kind.startsWith('our') ? '88020fa0' : '88020fa1'
  expect(client.bytes.subarray(-4).toString('hex')).toBe(close)
}
