import { createApp } from './app.ts'

const app = await createApp()

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  // Sessions are closed with 1001 before the server stops listening.
  process.once(signal, () => void app.close())
}

const address = await app.listen({
  host: process.env['HOST'] ?? '127.0.0.1',
  port: Number(process.env['PORT'] ?? 8080),
})
console.log(`Listening on ${address.replace('http', 'ws')}/rooms/blue`)
