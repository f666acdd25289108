/**
 * Regular expressions that explode, and headers that are scanned again and again.
 *
 * CVE-2021-32640 (ws, Sec-WebSocket-Protocol), Sec-WebSocket-Extensions of ws (November 2017),
 * CVE-2020-7662 and CVE-2020-7663 (websocket-extensions), CVE-2023-26103 (Deno), CVE-2023-43669
 * (tungstenite: long headers).
 */

import { describe, expect, it } from 'vitest'

import { World } from '../application/upgrade-client.ts'

/** As long as nothing that a server lets in; what takes the square of it takes hours. */
const LENGTH = 2_000_000

/** Much more than a linear reader needs, and much less than any other. */
const CPU_LIMIT_MS = 3_000

const HOSTILE: ReadonlyArray<readonly [name: string, value: string]> = [
  ['Sec-WebSocket-Protocol', ' '.repeat(LENGTH)],
  ['Sec-WebSocket-Protocol', `a${' '.repeat(LENGTH)}b`],
  ['Sec-WebSocket-Protocol', 'a,'.repeat(LENGTH / 2)],
  ['Sec-WebSocket-Protocol', ','.repeat(LENGTH)],
  ['Sec-WebSocket-Extensions', `a${';b'.repeat(LENGTH / 2)}`],
  ['Sec-WebSocket-Extensions', `a; b="${'\\"'.repeat(LENGTH / 2)}`],
  ['Sec-WebSocket-Extensions', `a; b="${'x'.repeat(LENGTH)}`],
  ['Sec-WebSocket-Extensions', `a; b=${' '.repeat(LENGTH)}c`],
  ['Sec-WebSocket-Extensions', 'permessage-deflate,'.repeat(LENGTH / 19)],
  ['Connection', `Upgrade${', keep-alive'.repeat(LENGTH / 12)}`],
  ['Connection', `Upgrade,${' '.repeat(LENGTH)}x`],
  ['Upgrade', `websocket,${' \t'.repeat(LENGTH / 2)}`],
  ['Sec-WebSocket-Key', 'A'.repeat(LENGTH)],
  ['Sec-WebSocket-Version', '1'.repeat(LENGTH)],
  ['Origin', `https://${'a.'.repeat(LENGTH / 2)}`],
  ['Origin', `https://${'['.repeat(LENGTH)}`],
  ['Host', 'a'.repeat(LENGTH)],
  ['Host', `${':'.repeat(LENGTH)}80`],
  ['Cookie', `a=${'; '.repeat(LENGTH / 2)}`],
  ['Cookie', `a="${'\\'.repeat(LENGTH)}`],
]

/** An application that reads all that there is of a request, with no limit of its own. */
function greedy(): World {
  const world = new World().install({ maxHeaderCount: Infinity, maxHeaderSize: Infinity })
  world.app.routing((route) => {
    route
      .webSocket('/', { protocols: ['chat'], origins: ['https://example.com'] }, () => {})
      .intercept(({ request }) => void [...request.cookies, ...request.headers])
  })
  return world
}

/** How long `work` keeps the processor busy, in milliseconds. */
async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

describe('advisory: quadratic header parsing', () => {
  for (const [name, value] of HOSTILE) {
    it(`${name}: ${value.slice(0, 24)}… of ${LENGTH} characters is read in linear time`, async () => {
      const world = greedy()

      const elapsed = await cpuMs(() => world.upgrade('/', { headers: { [name]: value } }))

      expect(elapsed).toBeLessThan(CPU_LIMIT_MS)
    })
  }

  it('100 000 headers of one name are read in linear time', async () => {
    const world = greedy()
    const extraHeaders = Array.from({ length: 100_000 }, () => ['Cookie', 'a=b']).flat()

    expect(await cpuMs(() => world.upgrade('/', { extraHeaders }))).toBeLessThan(CPU_LIMIT_MS)
  })

  it('a path of a million segments is read in linear time', async () => {
    const world = greedy()

    expect(await cpuMs(() => world.upgrade('/a'.repeat(1_000_000)))).toBeLessThan(CPU_LIMIT_MS)
    expect(await cpuMs(() => world.upgrade('/..'.repeat(600_000)))).toBeLessThan(CPU_LIMIT_MS)
  })

  it('by default none of them is looked at: 431', async () => {
    const world = new World().install()
    world.app.routing((route) => {
      route.webSocket('/', () => {})
    })
    for (const [name, value] of HOSTILE) {
      expect((await world.refused('/', { headers: { [name]: value } })).status).toBe(431)
    }
  })
})
