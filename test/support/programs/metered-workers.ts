/**
 * A server with workers, and the metrics of all workers on a port of the primary: the recipe of
 * docs/operations.md, with free ports. Says `started` with both ports.
 */

import cluster from 'node:cluster'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AggregatorRegistry } from 'prom-client'
import { embeddedServer, WebSockets } from '../../../src/index.ts'
import { PrometheusMetrics } from '../../../src/prometheus/index.ts'
import { Topics } from '../../../src/topics/index.ts'

const all = new AggregatorRegistry()
const server = await embeddedServer({ port: 0, host: '127.0.0.1', workers: 2 }, (app) => {
  app.install(WebSockets)
  app.install(PrometheusMetrics)
  app.install(Topics)
  app.routing((route) => {
    route.webSocket('/', async ({ incoming, send }) => {
      await send(`${process.pid}`)
      for await (const frame of incoming) await send(frame)
    })
  })
}).start()
if (cluster.isPrimary) {
  const metrics = createServer((_, response) => {
    response.setHeader('content-type', all.contentType)
    all.clusterMetrics().then(
      (text) => response.end(text),
      () => response.writeHead(503).end(),
    )
  }).listen(0, '127.0.0.1')
  await once(metrics, 'listening')
  const { port } = metrics.address() as AddressInfo // it listens on TCP
  const facts = { event: 'started', pid: process.pid, port: server.address.port, metrics: port }
  process.stdout.write(`${JSON.stringify(facts)}\n`)
}
