// Compiled against the real types of the frameworks by `test/adapters/types.test.ts`, and never
// run.

import { serve } from '@hono/node-server'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import express from 'express'
import fastify, { type FastifyRequest, type RouteShorthandOptions } from 'fastify'
import { type Context, Hono } from 'hono'
import { attach, createApplication, embeddedServer, throughMiddleware, WebSockets } from 'towpath'
import { towpath as towpathForFastify, type TowpathFastify } from 'towpath/fastify'
import { attachHono, webSocket } from 'towpath/hono'
import { TowpathAdapter, TowpathModule } from 'towpath/nest'
import { towpath as towpathForVite } from 'towpath/vite'
import { defineConfig } from 'vite'

declare module 'fastify' {
  interface FastifyInstance extends TowpathFastify<FastifyRequest, RouteShorthandOptions> {}
}

export async function withFastify(): Promise<void> {
  const app = fastify()
  await app.register(towpathForFastify, { webSockets: { maxMessageSize: 1024 } })
  app.webSocket('/plain/:room', ({ call, send }, request) =>
    send(`${call.parameters.room} ${request.url}`),
  )
  app.webSocket('/rooms/:room', { maxFrameSize: 1024 }, async ({ call, send }, request) => {
    const room: string = call.parameters.room
    await send(`${room} of ${request.hostname}`)
  })
  app.webSocket(
    '/members',
    { preHandler: async (request, reply) => void (request.headers['x'] ?? reply.code(401)) },
    ({ send }) => send('hello'),
  )
  // @ts-expect-error -- neither Fastify nor Towpath has this option
  app.webSocket('/typo', { preHandlr: [] }, ({ send }) => send('hello'))
  const session = await app.injectWebSocket('/rooms/blue')
  await session.close()
}

export async function withExpress(): Promise<void> {
  const web = express()
  web.use(express.json())
  await embeddedServer({ http: web }, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.intercept(throughMiddleware(express.json(), web))
      route.webSocket('/me', ({ send }) => send('hello'))
    })
  }).start()
  const app = createApplication((target) => target.install(WebSockets))
  attach(app, web.listen(8080))
}

interface Env {
  Variables: { user: string }
}

export function withHono(): void {
  const app = new Hono<Env>()
  app.get(
    '/hello',
    async (c, next) => {
      c.set('user', 'ada')
      await next()
    },
    webSocket(({ send }, c: Context<Env>) => send(`hello, ${c.get('user')}`)),
  )
  app.get(
    '/echo',
    webSocket(async ({ incoming, send }) => {
      for await (const frame of incoming) await send(frame)
    }),
  )
  attachHono(app, serve(app))
}

class Prices {
  readonly last: string = '1.62'
}

class AppModule {}
Module({
  imports: [
    TowpathModule.forRoot({
      routes: (route, modules) => {
        const prices: Prices = modules.get(Prices, { strict: false })
        route.webSocket('/prices', ({ send }) => send(prices.last))
      },
    }),
  ],
  providers: [Prices],
})(AppModule)

export async function withNest(): Promise<void> {
  const app = await NestFactory.create(AppModule)
  app.useWebSocketAdapter(new TowpathAdapter(app, { concurrency: 2 }))
  await app.listen(8080)
}

export const config = defineConfig({ plugins: [towpathForVite({ module: '/src/sockets.ts' })] })
