import { describe, expect, it } from 'vitest'

import type { HonoContextLike } from '../../../src/adapters/hono/hono-types.ts'
import { asUpgrade, tagOf, webSocket } from '../../../src/adapters/hono/web-socket.ts'

const handler = (): void => {}

function contextOf(raw: Request): HonoContextLike {
  return { req: { raw }, body: () => new Response(null) }
}

describe('webSocket()', () => {
  it('throws a TypeError for a handler that is no function', () => {
    // @ts-expect-error -- a program without types
    expect(() => webSocket('handler')).toThrow(TypeError)
  })

  it('answers 426 outside of an upgrade', () => {
    const response = webSocket(handler)(contextOf(new Request('http://localhost/')))

    expect(response.status).toBe(426)
  })

  it('lets an upgrade go on that has reached it', async () => {
    const request = new Request('http://localhost/')

    const [upgrade, response] = await asUpgrade(request, () =>
      webSocket(handler)(contextOf(request)),
    )

    expect(upgrade.run).not.toBe(null)
    expect(response.status).toBe(200)
    expect(webSocket(handler)(contextOf(request)).status).toBe(426)
  })
})

describe('tagOf()', () => {
  it('finds the options of a handler, also when Hono has wrapped it', () => {
    const options = { maxMessageSize: 1024 }
    const tagged = webSocket(handler, options)
    const wrapped = Object.assign(() => {}, { __COMPOSED_HANDLER: tagged })

    expect(tagOf(tagged)).toEqual({ options })
    expect(tagOf(wrapped)).toEqual({ options })
  })

  it('returns null for any other handler', () => {
    expect(tagOf(handler)).toBe(null)
  })
})
