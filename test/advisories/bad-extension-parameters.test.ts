/**
 * Bad extension parameters: an offer that nobody can mean must not take the process down, nor be
 * agreed to.
 *
 * CVE-2026-2229 (undici: `server_max_window_bits` outside of 8 to 15 crashed the process).
 */

import { describe, expect, it } from 'vitest'

import { permessageDeflate } from '../../src/index.ts'
import { upgradeRequest, World } from '../application/upgrade-client.ts'

/**
 * What is answered to an offer: the agreed extensions, `null` for none; or the status of a refusal.
 */
async function answerTo(offer: string): Promise<string | number | null> {
  const world = new World().install({ extensions: [permessageDeflate()] })
  world.app.routing((route) => route.webSocket('/', () => {}))
  const outcome = await world.app.upgrade(
    upgradeRequest('/', { headers: { 'Sec-WebSocket-Extensions': offer } }),
    world.environment,
    new AbortController().signal,
  )
  expect(world.logged).toEqual([])
  if (outcome.type === 'refused') return outcome.status
  if (outcome.type === 'unclaimed') throw new Error('the path is ours')
  return outcome.headers.find(([name]) => name === 'Sec-WebSocket-Extensions')?.[1] ?? null
}

describe('advisory: bad extension parameters', () => {
  it.each([
    'permessage-deflate; server_max_window_bits=0',
    'permessage-deflate; server_max_window_bits=7',
    'permessage-deflate; server_max_window_bits=16',
    'permessage-deflate; server_max_window_bits=99999999999999999999',
    'permessage-deflate; server_max_window_bits=-9',
    'permessage-deflate; server_max_window_bits=9.5',
    'permessage-deflate; server_max_window_bits=1e1',
    'permessage-deflate; server_max_window_bits=010',
    'permessage-deflate; server_max_window_bits=ten',
    'permessage-deflate; server_max_window_bits',
    'permessage-deflate; client_max_window_bits=7',
    'permessage-deflate; client_max_window_bits=16',
    'permessage-deflate; server_no_context_takeover=1',
    'permessage-deflate; client_no_context_takeover=true',
    'permessage-deflate; server_max_window_bits=10; server_max_window_bits=10',
    'permessage-deflate; client_no_context_takeover; client_no_context_takeover',
    'permessage-deflate; __proto__=1',
    'permessage-deflate; constructor',
    'permessage-deflate; unknown_parameter',
  ])('"%s" is declined, and the session begins without it', async (offer) => {
    expect(await answerTo(offer)).toBe(null)
  })

  it('the next alternative is taken where one is declined', async () => {
    const offer = 'permessage-deflate; server_max_window_bits=99, permessage-deflate'

    expect(await answerTo(offer)).toMatch(/^permessage-deflate/)
  })

  it.each(['permessage-deflate; =1', ';', 'a b', 'permessage-deflate; x="', 'a;,b'])(
    '"%s" is no list of extensions, and is refused with 400',
    async (offer) => {
      expect(await answerTo(offer)).toBe(400)
    },
  )
})
