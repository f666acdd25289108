/**
 * The WebSockets that every framework of this folder serves.
 */

import {
  type Application,
  type ApplicationCall,
  AttributeKey,
  createApplication,
  type Interceptor,
  nodeRequest,
  type Route,
  WebSockets,
} from 'towpath'

const USER = new AttributeKey<string>('user')

/** An echo at `/echo`, and a greeting at `/private` behind `login`. */
export function greeter(login: Interceptor): Application {
  return createApplication(greetings(login))
}

/** What `greeter` declares. */
export function greetings(login: Interceptor): (app: Application) => void {
  return (app) => {
    app.install(WebSockets, { maxConnectionsPerAddress: Infinity })
    app.routing((route) => greetingRoutes(route, login))
  }
}

/** The routes of `greeter`. */
export function greetingRoutes(route: Route<''>, login: Interceptor): void {
  route.webSocket('/echo', async ({ incoming, send }) => {
    for await (const frame of incoming) await send(frame)
  })
  route.route('/private', (inside) => {
    inside.intercept(login)
    inside.intercept((call) => call.attributes.put(USER, userOf(call)))
    inside.webSocket('/', ({ call, send }) => send(`hello, ${call.attributes.get(USER)}`))
  })
}

/** What the framework's login has put on the request. */
function userOf(call: ApplicationCall): string {
  const { user } = nodeRequest(call) as { user?: string }
  if (user === undefined) throw new Error('Cannot greet: nobody is logged in')
  return user
}
