import { once } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'

import { TowpathModule } from '../../../src/adapters/nest/module.ts'
import { throughMiddleware } from '../../../src/index.ts'
import { greetingRoutes } from '../../mounts/application.ts'
import { load } from '../../mounts/frameworks.ts'
import { mountSuite } from '../../suites/mounts.ts'
import { certificate } from '../../support/certificate.ts'
import { applicationOf, listening, login, plain, skipped } from './nest.ts'

// The packages of the workspace are not found from the sources.
vi.mock(import('../../../src/packages/index.ts'), async (original) => ({
  ...(await original()),
  loadPackage: (_act: string, name: string) => load<unknown>(name),
}))

mountSuite(
  'towpath/nest, module',
  async (_serve, carrier) => {
    const routes = TowpathModule.forRoot({
      routes: (route) => greetingRoutes(route, throughMiddleware(login)),
      webSockets: { maxConnectionsPerAddress: Infinity },
      stop: { grace: 0 },
    })
    const app = await applicationOf(
      { imports: [routes] },
      carrier === 'TLS' ? { httpsOptions: certificate } : {},
    )
    app.use('/plain', plain)
    const port = await listening(app)
    return { server: app.getHttpServer(), port, stop: () => app.close() }
  },
  skipped,
)

describe.skipIf(skipped !== null)('TowpathModule', () => {
  it('gives routes the providers of the application', async () => {
    class Greetings {
      readonly text = 'from a provider'
    }
    const routes = TowpathModule.forRoot({
      routes: (route, modules) => {
        // What Nest has made of that class.
        const { text } = modules.get(Greetings, { strict: false }) as Greetings
        route.webSocket('/', ({ send }) => send(text))
      },
    })
    const app = await applicationOf({ imports: [routes], providers: [Greetings] })
    const port = await listening(app)
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`)

    expect(String((await once(socket, 'message'))[0])).toBe('from a provider')
    await app.close()
  })

  it('throws for an unknown option, and for routes that are no function', () => {
    // @ts-expect-error -- a program without types
    expect(() => TowpathModule.forRoot({ routes: () => {}, route: 1 })).toThrow('route')
    // @ts-expect-error -- a program without types
    expect(() => TowpathModule.forRoot({})).toThrow(TypeError)
  })
})
