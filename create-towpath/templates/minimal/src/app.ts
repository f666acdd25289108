import { type Application, Frame, WebSockets, seconds } from 'towpath'

/** The application without a server, so that tests run it in memory. */
export function app(app: Application): void {
  app.install(WebSockets, { pingPeriod: seconds(30) })
  app.routing((route) => {
    // This function runs once for each connection. When it returns, the connection is closed.
    route.webSocket('/echo', async ({ incoming, send }) => {
      for await (const frame of incoming) {
        if (frame instanceof Frame.Text) await send(`YOU SAID ${frame.readText()}`)
      }
    })
  })
}
