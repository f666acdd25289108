import { embeddedServer, WebSockets } from 'towpath'
import { openWebSocket } from 'towpath/client'
import { messagesSuite } from './suite.ts'

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

messagesSuite('typed messages over loopback', {
  async run(protocols, handler, block) {
    const options = { host: '127.0.0.1', port: 0, logger: SILENT, signals: false }
    const server = embeddedServer(options, (app) => {
      app.install(WebSockets)
      app.routing((route) => {
        route.webSocket('/', { protocols }, handler)
      })
    })
    await server.start()
    try {
      const { port } = server.address
      const session = await openWebSocket(`ws://127.0.0.1:${port}/`, { protocols })
      await block(session)
      await session[Symbol.asyncDispose]()
    } finally {
      await server.stop({ grace: 0 })
    }
  },
})
