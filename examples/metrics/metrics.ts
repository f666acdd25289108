/**
 * A server with metrics for Prometheus on a port of its own, and health checks.
 */

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Registry } from 'prom-client'

import {
  type EmbeddedServer,
  embeddedServer,
  FrameType,
  minutes,
  seconds,
  WebSockets,
} from 'towpath'
import { PrometheusMetrics } from 'towpath/prometheus'
import { defineTopic, type EventItem, Topics } from 'towpath/topics'

/** Prices, one topic for each share. Metrics have the pattern as their label. */
const Price = defineTopic('prices/:share', { history: { size: 100, age: minutes(10) } })

/** One function for all sessions: each event is then framed once. */
const frameOf = ({ event }: EventItem): string => JSON.stringify(event)

/** The server, and the address of its metrics. */
export interface MeteredServer {
  readonly server: EmbeddedServer
  readonly metricsUrl: string
  readonly stop: () => Promise<void>
}

/** Starts both; port 0 chooses a free one. */
export async function startMetered(port: number, metricsPort: number): Promise<MeteredServer> {
  const registry = new Registry()
  const server = embeddedServer(
    { port, host: '127.0.0.1', signals: false, health: { live: '/live', ready: '/ready' } },
    (app) => {
      app.install(WebSockets, { pingPeriod: seconds(5) })
      app.install(PrometheusMetrics, { registry, closeCodes: [4001] })
      const topics = app.install(Topics)
      app.routing((route) => {
        route.webSocket('/echo', async ({ incoming, send }) => {
          for await (const frame of incoming) await send(frame)
        })
        route.webSocket('/ticks/:name', async ({ send, delay }) => {
          for (;;) {
            await send(new Date().toISOString())
            await delay(seconds(1))
          }
        })
        route.webSocket('/prices/:share', async (session) => {
          const price = topics.topic(Price, { share: session.call.parameters.share })
          await price.subscribe(session, { frame: frameOf })
          for await (const frame of session.incoming) {
            if (frame.frameType === FrameType.TEXT) await price.publish(frame.readText())
          }
        })
      })
    },
  )
  await server.start()
  // Not on the port of the clients: metrics are for the inside of the house.
  const metrics = createServer((_, response) => {
    registry.metrics().then(
      (text) => response.setHeader('content-type', registry.contentType).end(text),
      () => response.writeHead(500).end(),
    )
  }).listen(metricsPort, '127.0.0.1')
  await once(metrics, 'listening')
  const address = metrics.address() as AddressInfo // it listens on TCP
  return {
    server,
    metricsUrl: `http://127.0.0.1:${address.port}/metrics`,
    stop: async () => {
      await server.stop({ grace: 0 })
      metrics.close()
      metrics.closeAllConnections()
    },
  }
}
