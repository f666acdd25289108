import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'

import { BrowserListeners } from '../../src/interop/browser-listeners.ts'
import type { WebSocketView, WebSocketViewEvent } from '../../src/interop/web-socket-view.ts'

function emitter(): readonly [WebSocketView, BrowserListeners] {
  // Only its methods as an emitter are used.
  const socket = new EventEmitter() as WebSocketView
  return [socket, new BrowserListeners(socket, () => true)]
}

describe('BrowserListeners', () => {
  it('makes events of what the emitter emits', () => {
    const [socket, listeners] = emitter()
    const events: WebSocketViewEvent[] = []
    for (const type of ['open', 'message', 'error', 'close'] as const) {
      listeners.add(type, (event) => events.push(event), false)
    }
    const error = new Error('broken')

    socket.emit('open')
    socket.emit('message', Buffer.from('text'), false)
    socket.emit('message', Buffer.from('bytes'), true)
    socket.emit('error', error)
    socket.emit('close', 4000, Buffer.from('bye'))

    expect(events).toEqual([
      { type: 'open', target: socket },
      { type: 'message', target: socket, data: 'text' },
      { type: 'message', target: socket, data: Buffer.from('bytes') },
      { type: 'error', target: socket, error, message: 'broken' },
      { type: 'close', target: socket, code: 4000, reason: 'bye', wasClean: true },
    ])
  })

  it('removes a handler that is replaced by null, and leaves the listeners of the emitter', () => {
    const [socket, listeners] = emitter()
    const calls: string[] = []
    socket.on('open', () => calls.push('emitter'))
    listeners.handle('open', () => calls.push('handler'))

    expect(listeners.handlerOf('open')).toBeInstanceOf(Function)
    socket.emit('open')
    listeners.handle('open', null)
    socket.emit('open')

    expect(listeners.handlerOf('open')).toBe(null)
    expect(calls).toEqual(['emitter', 'handler', 'emitter'])
  })
})
