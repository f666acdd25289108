import type { RequestListener, ServerResponse } from 'node:http'
import { attach, type ConnectMiddleware, throughMiddleware } from 'towpath'

import { mounted, mountSuite } from '../suites/mounts.ts'
import { greeter } from './application.ts'
import { load, missing } from './frameworks.ts'

// What is used of each package, in its shape.
type Express = () => RequestListener & {
  use(...middleware: readonly ConnectMiddleware[]): void
  get(
    path: string,
    answer: (request: unknown, response: { send(text: string): void }) => void,
  ): void
}
type Session = (options: object) => ConnectMiddleware
interface Passport {
  use(strategy: object): void
  authenticate(name: string, options: object): ConnectMiddleware
}
type BasicStrategy = new (
  verify: (name: string, password: string, done: (error: null, user: unknown) => void) => void,
) => object

mountSuite(
  'Express 5 with express-session, passport and helmet',
  async (serve) => {
    const web = load<Express>('express')()
    const session = load<Session>('express-session')
    const passport = load<Passport>('passport')
    const { BasicStrategy } = load<{ BasicStrategy: BasicStrategy }>('passport-http')
    passport.use(
      new BasicStrategy((name, password, done) =>
        done(null, name === 'ada' && password === 'secret' ? name : false),
      ),
    )
    const middleware = [
      load<() => ConnectMiddleware>('helmet')(),
      session({
        secret: 'example',
        name: 'seen',
        resave: false,
        saveUninitialized: true,
        rolling: true,
      }),
      passport.authenticate('basic', { session: false }),
    ]
    web.get('/plain', (_request, response) => response.send('plain'))
    web.use(...middleware)

    const server = serve(web)
    const attachment = attach(greeter(throughMiddleware(...middleware)), server)
    return mounted(server, () => attachment.stop())
  },
  missing('express', 'express-session', 'passport', 'passport-http', 'helmet'),
)

// An application of Express decides too: its router refuses, and a route of it agrees.
mountSuite(
  'Express 5 as one middleware',
  async (serve) => {
    const web = load<Express>('express')()
    web.get('/plain', (_request, response) => response.send('plain'))
    web.use((request, response, next) => {
      if (request.headers.authorization === undefined) {
        refuse(response)
        return
      }
      Object.assign(request, { user: 'ada' })
      response.appendHeader('set-cookie', 'seen=1')
      next()
    })

    const server = serve(web)
    // An application is a middleware itself: what it has no route for goes on.
    const attachment = attach(greeter(throughMiddleware(web)), server)
    return mounted(server, () => attachment.stop())
  },
  missing('express'),
)

function refuse(response: ServerResponse): void {
  response.writeHead(401, { 'www-authenticate': 'Basic' }).end('log in first')
}
