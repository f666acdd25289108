/**
 * A server with an inspector. The page opens for a token that the server prints at the start.
 */

import { randomBytes, timingSafeEqual } from 'node:crypto'
import { type EmbeddedServer, embeddedServer, minutes, seconds, WebSockets } from 'towpath'
import { Inspector, InspectorOperator } from 'towpath/inspector'
import { defineTopic, type EventItem, Topics } from 'towpath/topics'

/** The server, and the address of its inspector. */
export interface InspectedServer {
  readonly server: EmbeddedServer
  readonly inspectorUrl: string
}

const Prices = defineTopic('prices/:symbol', { history: { size: 100, age: minutes(1) } })

/** One function for all sessions: each event is then framed once. */
const frameOf = ({ event }: EventItem): string => JSON.stringify(event)

/** Starts the server; port 0 chooses a free one. */
export async function startInspected(port: number): Promise<InspectedServer> {
  const token = randomBytes(24).toString('base64url')
  const server = embeddedServer({ port, host: '127.0.0.1', signals: false }, (app) => {
    app.install(WebSockets, { pingPeriod: seconds(5) })
    const topics = app.install(Topics, { namespace: 'inspected' })
    app.install(Inspector, {
      actions: true,
      authorize: ({ request, response, attributes }) => {
        const given = request.queryParameters.get('token')
        if (given !== null && isEqual(given, token)) {
          // The socket of the page has no query: it comes with the cookie.
          response.headers.append('set-cookie', `inspector=${token}; HttpOnly; SameSite=Strict`)
        } else if (!isEqual(request.cookies.get('inspector') ?? '', token)) {
          return new Response('Open the address that the server has printed\n', { status: 401 })
        }
        attributes.put(InspectorOperator, 'Ada')
        return undefined
      },
    })
    app.routing((route) => {
      route.webSocket('/echo', { protocols: ['echo.v1'] }, async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
      route.webSocket('/uploads', async ({ incoming, delay }) => {
        for await (const _ of incoming) await delay(seconds(2))
      })
      route.webSocket('/downloads', async ({ send, signal }) => {
        while (!signal.aborted) await send(new Uint8Array(64 * 1024))
      })
      route.webSocket('/prices/:symbol', async (session) => {
        const topic = topics.topic(Prices, { symbol: session.call.parameters.symbol })
        await topic.subscribe(session, { frame: frameOf })
        await session.incoming.consumeEach(() => {})
      })
      route.webSocket('/limited', { maxMessageSize: 1000 }, ({ incoming }) =>
        incoming.consumeEach(() => {}),
      )
    })
    const publish = (): void => {
      void topics.topic(Prices, { symbol: 'tow' }).publish({ price: Math.random() })
    }
    const timer = setInterval(publish, 250)
    app.monitor.on('stopping', () => clearInterval(timer))
  })
  await server.start()
  const url = `http://127.0.0.1:${server.address.port}/towpath?token=${token}`
  return { server, inspectorUrl: url }
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
