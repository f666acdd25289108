import { describe, expect, it } from 'vitest'

import { handler, chat, expectRefusal, World } from '../upgrade-client.ts'

describe('upgrade() and routes', () => {
  it('Handshake 1: claims no path that has no route', async () => {
    const world = chat()

    expect(await world.upgrade('/')).toEqual({ type: 'unclaimed' })
    expect(await world.upgrade('/chat/x')).toEqual({ type: 'unclaimed' })
    expect(await world.upgrade('*')).toEqual({ type: 'unclaimed' })
    expect(await world.upgrade('/caf\u00e9')).toEqual({ type: 'unclaimed' })
  })

  it('decodes parameters once, and refuses a wrong encoding with 400', async () => {
    const world = new World().install()
    const seen: string[] = []
    world.app.routing((route) =>
      route.webSocket('/rooms/:room', handler).intercept(({ parameters }) => {
        seen.push(parameters.room)
      }),
    )

    await world.accepted('/rooms/a%20b%252F')
    expectRefusal(await world.upgrade('/rooms/%zz'), 400, 'the path has invalid percent-encoding')
    expectRefusal(await world.upgrade('/rooms/%C3'), 400, 'the path has invalid percent-encoding')

    expect(seen).toEqual(['a b%2F'])
  })

  it('matches after dots are resolved, so that a scope cannot be walked around', async () => {
    const world = new World().install()
    world.app.routing((route) => {
      route.webSocket('/open/:name', handler)
      route.route('/admin', (admin) => {
        admin.intercept(() => new Response(null, { status: 401 }))
        admin.webSocket('/:name', handler)
      })
    })

    for (const path of ['/open/../admin/x', '/open/%2e%2e/admin/x', '/./admin/x']) {
      expectRefusal(await world.upgrade(path), 401, '')
    }
    expect(await world.upgrade('/open\\..\\admin/x')).toEqual({ type: 'unclaimed' })
  })
})
