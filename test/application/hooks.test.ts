import { describe, expect, it } from 'vitest'

import { createApplication } from '../../src/application/index.ts'
import { Frame, WebSockets } from '../../src/index.ts'
import { withTestApplication } from '../../src/testing/index.ts'
import { addHooks, hooksOf } from '../../src/application/hooks.ts'

describe('hooksOf()', () => {
  it('returns a list that grows with each plugin, one for each application', () => {
    const app = createApplication()
    const hooks = hooksOf(app)

    addHooks(app, {})
    addHooks(app, { upgradeEnds: () => {} })

    expect(hooks).toEqual([{}, { upgradeEnds: expect.any(Function) }])
    expect(hooksOf(createApplication())).toEqual([])
  })
})

describe('addHooks()', () => {
  it('a hook that throws is logged, and refuses no upgrade', async () => {
    const logged: string[] = []
    const silent = (): void => {}
    const error = (_: object, message: string): void => void logged.push(message)
    const logger = { debug: silent, info: silent, warn: silent, error }
    const fail = (): never => {
      throw new Error('span processor')
    }
    await withTestApplication(
      async (t) => {
        t.application.install(WebSockets)
        addHooks(t.application, { upgradeBegins: fail, upgradeEnds: fail })
        addHooks(t.application, { upgradeBegins: () => ({ run: fail, ended: fail }) })
        t.application.routing((route) => {
          route.webSocket('/', ({ send }) => send('hello'))
        })
        const client = await t.connect('/')

        expect(await client.incoming.receive()).toEqual(new Frame.Text('hello'))
        t.takeFailures()
      },
      { logger },
    )
    expect(new Set(logged)).toEqual(
      new Set(['A hook of a plugin failed', 'Watching an upgrade failed']),
    )
  })
})
