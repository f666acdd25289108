/**
 * The examples as one Towpath application without a server, so that tests run it in memory.
 */

import { WebSockets, seconds } from 'towpath'
import type { Application, WebSocketRouteOptions } from 'towpath'
import { flow } from './browser-page/flow.ts'
import { chat } from './chat/chat.ts'
import { Rooms } from './chat/rooms.ts'
import { echo } from './echo/echo.ts'
import { dashboard, Readings } from './reconnecting-dashboard/dashboard.ts'

const CHAT_OPTIONS: WebSocketRouteOptions = {
  // The longest message takes 3 bytes for each of its 2000 characters.
  maxMessageSize: 16 * 1024,
  // How far a member may fall behind before it is removed from the room.
  channels: { outgoing: { capacity: 256 } },
}

/**
 * Installs the plugin and declares the routes of the chat, the echo, the dashboard and the browser
 * page.
 */
export function examples(app: Application): void {
  // Pings remove a member whose network is lost from the room within 45 seconds.
  app.install(WebSockets, { pingPeriod: seconds(30), timeout: seconds(15) })

  const rooms = new Rooms()
  const readings = new Readings()
  app.routing((route) => {
    route.webSocket('/chat/rooms/:room', CHAT_OPTIONS, (session) =>
      chat(rooms, session.call.parameters.room, session),
    )
    route.webSocket('/echo/socket', echo)
    route.webSocket('/browser-page/flow', flow)
    route.webSocket('/reconnecting-dashboard/feed', (session) => dashboard(readings, session))
  })
}
