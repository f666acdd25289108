/**
 * The examples as one Towpath application, without a server: tests run it in memory.
 */

import { WebSockets, seconds } from 'towpath'
import type { Application } from 'towpath'
import { chat } from './chat/chat.ts'
import { Rooms } from './chat/rooms.ts'
import { echo } from './echo/echo.ts'

/** Installs the plugin and declares the routes of the chat and of the echo. */
export function examples(app: Application): void {
  // With pings, someone whose phone went into a tunnel leaves the room within 45 seconds.
  app.install(WebSockets, { pingPeriod: seconds(30), timeout: seconds(15) })

  const rooms = new Rooms()
  app.routing((route) => {
    route.webSocket('/chat/rooms/:room', (session) =>
      chat(rooms, session.call.parameters.room, session),
    )
    route.webSocket('/echo/socket', echo)
  })
}
