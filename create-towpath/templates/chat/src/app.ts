import { type Application, WebSockets, minutes, seconds } from 'towpath'
import { Topics, defineTopic } from 'towpath/topics'
import { z } from 'zod'

/** A room: its last messages, and who is there. */
export const Room = defineTopic('rooms/:room', {
  event: z.object({ from: z.string(), text: z.string().min(1).max(500) }),
  history: { size: 100, age: minutes(60) },
  presence: {},
})

/** The application without a server, so that tests run it in memory. */
export function app(app: Application): void {
  app.install(WebSockets, { pingPeriod: seconds(30) })
  const topics = app.install(Topics)
  app.routing((route) => topics.serve(route, '/topics'))

  // Clients may do nothing that is not allowed here.
  topics.allow(Room, {
    subscribe: () => true,
    // The sender is set here: a client cannot speak for another.
    publish: ({ client, event }) => ({ event: { ...event, from: nameOf(client) } }),
    presence: ({ client }) => ({ key: nameOf(client), meta: null }),
  })
}

/**
 * The token is the name that the visitor chose. Replace this with a login: the option
 * `authenticate` of `topics.serve` checks tokens.
 */
function nameOf({ id, token }: { readonly id: string; readonly token: string | null }): string {
  return token?.slice(0, 30) || `guest ${id.slice(-4)}`
}
