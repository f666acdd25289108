/**
 * What the tests use of Nest, in its shape, with decorators as the functions that they are.
 */

import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { ConnectMiddleware } from '../../../src/index.ts'
import { load, missing } from '../../mounts/frameworks.ts'

export const skipped: string | null = missing('@nestjs/core', '@nestjs/websockets')

type Class = abstract new (...args: never[]) => object
type ClassDecorator = (target: Class) => void
type MethodDecorator = (target: object, key: string, descriptor: PropertyDescriptor) => void
type PropertyDecorator = (target: object, key: string) => void

export interface NestApplication {
  use(path: string, middleware: ConnectMiddleware): void
  useWebSocketAdapter(adapter: object): void
  get(token: Class): unknown
  getHttpServer(): Server
  listen(port: number, host: string): Promise<void>
  close(): Promise<void>
}

interface Common {
  Module(metadata: object): ClassDecorator
}

interface Core {
  readonly NestFactory: { create(module: Class, options: object): Promise<NestApplication> }
}

interface WebSocketsPackage {
  readonly WebSocketGateway: (port: number, options: object) => ClassDecorator
  readonly SubscribeMessage: (event: string) => MethodDecorator
  readonly WebSocketServer: () => PropertyDecorator
}

/** Makes `gateway` a gateway at `path`, and the methods of `events` its handlers. */
export function asGateway(
  gateway: Class,
  path: string,
  events: Readonly<Record<string, string>> = {},
  port: number = 0,
): Class {
  const { WebSocketGateway, SubscribeMessage, WebSocketServer } =
    load<WebSocketsPackage>('@nestjs/websockets')
  WebSocketGateway(port, { path })(gateway)
  const prototype = gateway.prototype as object
  WebSocketServer()(prototype, 'server')
  for (const [event, method] of Object.entries(events)) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, method) ?? {}
    SubscribeMessage(event)(prototype, method, descriptor)
  }
  return gateway
}

/** Makes an application of `providers` and `imports`. */
export function applicationOf(
  metadata: { providers?: readonly Class[]; imports?: readonly object[] },
  options: object = {},
): Promise<NestApplication> {
  load('reflect-metadata')
  class Root {}
  load<Common>('@nestjs/common').Module(metadata)(Root)
  return load<Core>('@nestjs/core').NestFactory.create(Root, { logger: false, ...options })
}

/** Listens on a free port of loopback. */
export async function listening(app: NestApplication): Promise<number> {
  await app.listen(0, '127.0.0.1')
  return (app.getHttpServer().address() as AddressInfo).port
}

/** What the suite of mounts asks of a framework: `/plain`, and a login. */
export const plain: ConnectMiddleware = (_request, response) => response.end('plain')

export const login: ConnectMiddleware = (request, response, next) => {
  if (request.headers.authorization === undefined) {
    response.writeHead(401, { 'www-authenticate': 'Basic' }).end('log in first')
    return
  }
  Object.assign(request, { user: 'ada' })
  response.appendHeader('set-cookie', 'seen=1')
  next()
}
