import { type Application, WebSockets, seconds } from 'towpath'
import { chat } from './contract.ts'
import { Room } from './room.ts'

/** The application without a server, so that tests run it in memory. */
export function app(app: Application): void {
  app.install(WebSockets, { pingPeriod: seconds(30) })
  const room = new Room()
  app.routing((route) => {
    route.webSocket('/chat', { protocols: chat.protocols, requireProtocol: true }, (session) =>
      room.serve(session),
    )
  })
}
