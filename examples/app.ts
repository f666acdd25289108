/**
 * The examples as one Towpath application without a server, so that tests run it in memory.
 */

import { WebSockets, seconds } from 'towpath'
import type { Application, WebSocketRouteOptions } from 'towpath'
import { Topics } from 'towpath/topics'
import { flow } from './browser-page/flow.ts'
import { serveChat } from './chat/chat.ts'
import { chat } from './chat/contract.ts'
import { RoomLimit } from './chat/room-limit.ts'
import { taskList } from './contract/server.ts'
import { echo } from './echo/echo.ts'
import { dashboard, Readings } from './reconnecting-dashboard/dashboard.ts'

const CHAT_OPTIONS: WebSocketRouteOptions = {
  protocols: chat.protocols,
  requireProtocol: true,
  // The longest message takes 3 bytes for each of its 2000 characters.
  maxMessageSize: 16 * 1024,
}

/**
 * Installs the plugins and declares the routes of the chat, the echo, the dashboard, the browser
 * page and the task list.
 */
export function examples(app: Application): void {
  // Pings remove a member whose network is lost from the room within 45 seconds.
  app.install(WebSockets, { pingPeriod: seconds(30), timeout: seconds(15) })

  const topics = app.install(Topics)
  const rooms = new RoomLimit(app.clock)
  const readings = new Readings()
  app.routing((route) => {
    route.webSocket('/chat/rooms/:room', CHAT_OPTIONS, (session) =>
      serveChat(topics, rooms, session),
    )
    route.webSocket('/echo/socket', echo)
    route.webSocket('/browser-page/flow', flow)
    route.webSocket('/reconnecting-dashboard/feed', (session) => dashboard(readings, session))
  })
  taskList(app)
}
