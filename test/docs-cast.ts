/**
 * The variables that excerpts in doc comments use without declaring them. Only their types matter:
 * excerpts are compiled, not run. `tools/excerpts.ts` imports those that an excerpt names.
 */

import type http from 'node:http'
import type { Socket } from 'node:net'
import type {
  Application,
  ApplicationCall,
  DefaultWebSocketServerSession,
  Frame,
  Route,
  WebSocketHandler,
} from 'towpath'
import type { InspectorInstance } from 'towpath/inspector'
import type { FrameSink } from 'towpath/protocol'
import type { VirtualClock as VirtualClockClass } from '../src/base/index.ts'

export declare const app: Application
export declare const route: Route<''>
export declare const call: ApplicationCall
export declare const session: DefaultWebSocketServerSession
export declare const incoming: DefaultWebSocketServerSession['incoming']
export declare const outgoing: DefaultWebSocketServerSession['outgoing']
export declare const send: DefaultWebSocketServerSession['send']
export declare const close: DefaultWebSocketServerSession['close']
export declare const frame: Frame
export declare const echo: WebSocketHandler

export declare const sink: FrameSink
export declare const socket: Socket

export declare const gauge: { add(value: number, labels: Record<string, unknown>): void }
export declare const express: () => http.RequestListener & {
  get(path: string, listener: http.RequestListener): void
}
export declare const inspector: InspectorInstance
export declare const isOperator: (session: string | null | undefined) => boolean
export declare const staff: ReadonlyMap<string, { readonly name: string }>
export declare const createServer: typeof http.createServer

export declare const VirtualClock: typeof VirtualClockClass
