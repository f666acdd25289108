import { Frame } from 'towpath'
import { expect, it } from 'vitest'
import { createApp } from '../src/app.ts'

// No port is opened.
it('/rooms/:room answers with the name of the room', async () => {
  const app = await createApp()
  const client = await app.injectWebSocket('/rooms/blue')

  await client.send('hello')

  const frame = await client.incoming.receive()
  expect(frame instanceof Frame.Text && frame.readText()).toBe('blue: hello')
  await client.close()
  await app.close()
})

it('/ready answers 200', async () => {
  const app = await createApp()

  expect((await app.inject('/ready')).statusCode).toBe(200)
  await app.close()
})
