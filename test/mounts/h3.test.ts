import type { RequestListener } from 'node:http'
import { attach, type Interceptor, nodeRequest } from 'towpath'

import { mounted, mountSuite } from '../suites/mounts.ts'
import { greeter } from './application.ts'
import { load, missing } from './frameworks.ts'

// What is used of h3, in its shape.
interface Event {
  readonly req: Request
  readonly context: { user?: string }
  readonly res: { readonly headers: Headers }
}
type Handler = (event: Event) => unknown
interface App {
  use(middleware: (event: Event, next: () => unknown) => unknown): App
  get(path: string, handler: Handler): App
  fetch(request: Request): Promise<Response>
}
interface H3Package {
  readonly H3: new () => App
}

const login = (event: Event, next: () => unknown): unknown => {
  if (!event.req.headers.has('authorization')) {
    return new Response('log in first', { status: 401, headers: { 'www-authenticate': 'Basic' } })
  }
  event.context.user = 'ada'
  event.res.headers.append('set-cookie', 'seen=1')
  return next()
}

mountSuite(
  'h3 2',
  (serve) => {
    const { H3 } = load<H3Package>('h3')
    const { toNodeHandler } = load<{ toNodeHandler: (app: App) => RequestListener }>('h3/node')
    const web = new H3().get('/plain', () => 'plain')
    // Who gets past the login may connect, and the answer says who that is.
    const gate = new H3().use(login).get('/**', ({ context }) => ({ user: context.user }))

    const throughH3: Interceptor = async (call) => {
      const headers = new Headers()
      for (const [name, value] of call.request.headers) headers.append(name, value)
      const { scheme, host } = call.request.origin
      const url = `${scheme}://${host}${call.request.uri}`
      const answer = await gate.fetch(new Request(url, { headers }))
      if (!answer.ok) return answer
      for (const cookie of answer.headers.getSetCookie()) {
        call.response.headers.append('set-cookie', cookie)
      }
      Object.assign(nodeRequest(call), await answer.json())
      return undefined
    }

    const server = serve(toNodeHandler(web))
    const attachment = attach(greeter(throughH3), server)
    return mounted(server, () => attachment.stop({ grace: 0 }))
  },
  missing('h3'),
)
