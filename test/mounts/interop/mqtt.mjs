// MQTT: the broker `aedes` on a stream over a session, and two clients of `mqtt`.
import { once } from 'node:events'
import { Aedes } from 'aedes'
import mqtt from 'mqtt'
import { embeddedServer, WebSockets } from 'towpath'
import { asDuplex } from 'towpath/interop'

/** Publishes with one client, and returns what the other one has received. */
export async function run() {
  const broker = await Aedes.createBroker()
  const server = embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/mqtt', { protocols: ['mqtt'] }, async (session) => {
        broker.handle(asDuplex(session))
        await session.closed
      })
    })
  })
  const { address } = await server.start()

  const url = `ws://127.0.0.1:${address.port}/mqtt`
  const [sensor, display] = await Promise.all([mqtt.connectAsync(url), mqtt.connectAsync(url)])
  await display.subscribeAsync('lock/+/level', { qos: 1 })
  const message = once(display, 'message')
  await sensor.publishAsync('lock/7/level', '1.62 m', { qos: 1 })
  const [topic, payload] = await message

  await Promise.all([sensor.endAsync(), display.endAsync()])
  await new Promise((resolve) => {
    broker.close(resolve)
  })
  await server.stop({ grace: 0 })
  return `${topic}: ${payload}`
}
