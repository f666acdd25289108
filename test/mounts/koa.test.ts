import type { IncomingMessage, ServerResponse } from 'node:http'
import { attach, throughMiddleware } from 'towpath'

import { mounted, mountSuite } from '../suites/mounts.ts'
import { greeter } from './application.ts'
import { load, missing } from './frameworks.ts'

// What is used of Koa, in its shape.
interface Context {
  readonly path: string
  readonly req: IncomingMessage
  body: unknown
  respond: boolean
  readonly cookies: { set(name: string, value: string): void }
  throw(status: number, message: string, details: object): never
}
type Koa = new () => {
  use(middleware: (ctx: Context, next: () => Promise<void>) => Promise<void> | void): void
  callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
}

const login = async (ctx: Context, next: () => Promise<void>): Promise<void> => {
  if (ctx.req.headers.authorization === undefined) {
    ctx.throw(401, 'log in first', { headers: { 'www-authenticate': 'Basic' }, expose: true })
  }
  Object.assign(ctx.req, { user: 'ada' })
  ctx.cookies.set('seen', '1')
  await next()
}

mountSuite(
  'Koa 3',
  async (serve) => {
    const Koa = load<Koa>('koa')
    const web = new Koa()
    web.use(async (ctx, next) => {
      if (ctx.path === '/plain') ctx.body = 'plain'
      else await next()
    })
    web.use(login)

    const gate = new Koa()
    gate.use(login)
    gate.use((ctx) => {
      // Who gets here may connect: Koa is not to answer.
      ctx.respond = false
    })
    const decide = gate.callback()
    const throughKoa = throughMiddleware(async (request, response, next) => {
      await decide(request, response)
      if (!response.writableEnded) next()
    })

    const answer = web.callback()
    const server = serve((request, response) => void answer(request, response))
    const attachment = attach(greeter(throughKoa), server)
    return mounted(server, () => attachment.stop())
  },
  missing('koa'),
)
