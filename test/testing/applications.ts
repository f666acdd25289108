/**
 * Small applications to try the testing package on.
 */

import { type Application, Frame, type WebSocketHandler, WebSockets } from '../../src/index.ts'

/** An application with `WebSockets` and one route, `/`. */
export function serving(handler: WebSocketHandler): (app: Application) => void {
  return (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/', handler)
    })
  }
}

/** Sends back what it receives. */
export const echo: (app: Application) => void = serving(async ({ incoming, send }) => {
  for await (const frame of incoming) await send(frame)
})

/** The text of a frame that has to be one. */
export function textOf(frame: Frame): string {
  if (!(frame instanceof Frame.Text)) throw new TypeError(`expected text, got ${String(frame)}`)
  return frame.readText()
}
