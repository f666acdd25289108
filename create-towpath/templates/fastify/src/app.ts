import Fastify, {
  type FastifyInstance,
  type FastifyRequest,
  type RouteShorthandOptions,
} from 'fastify'
import { Frame, readiness, seconds } from 'towpath'
import { type TowpathFastify, towpath } from 'towpath/fastify'

declare module 'fastify' {
  interface FastifyInstance extends TowpathFastify<FastifyRequest, RouteShorthandOptions> {}
}

/** The application without a port, so that tests run it in memory. */
export async function createApp(
  options: { readonly logger?: boolean } = {},
): Promise<FastifyInstance> {
  const app = Fastify(options)
  await app.register(towpath, { webSockets: { pingPeriod: seconds(30) } })

  app.get('/live', () => 'ok')
  app.get('/ready', (_, reply) => {
    const { status, body } = readiness(app.webSocketApplication)
    return reply.code(status).send(body)
  })

  // Hooks of Fastify run before the handshake. This function runs once for each connection.
  app.webSocket('/rooms/:room', {}, async ({ call, incoming, send }) => {
    for await (const frame of incoming) {
      if (frame instanceof Frame.Text) await send(`${call.parameters.room}: ${frame.readText()}`)
    }
  })
  return app
}
