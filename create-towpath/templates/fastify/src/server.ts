import { seconds } from 'towpath'
import { createApp } from './app.ts'

const app = await createApp()
const isProduction = process.env['NODE_ENV'] === 'production'

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop())

/**
 * Readiness fails first, so that a load balancer sends nobody new. Then the clients are asked to
 * connect again, each at a time of its own, and Fastify stops listening.
 */
async function stop(): Promise<void> {
  await app.webSocketApplication.stop({
    lead: isProduction ? seconds(5) : 0,
    grace: seconds(5),
    timeout: seconds(20),
    reconnectWithin: seconds(10),
  })
  await app.close()
}

const address = await app.listen({
  host: process.env['HOST'] ?? '127.0.0.1',
  port: Number(process.env['PORT'] ?? 8080),
})
console.log(`Listening on ${address.replace('http', 'ws')}/rooms/blue`)
