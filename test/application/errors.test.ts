import { describe, expect, it } from 'vitest'

import {
  DuplicatePluginError,
  HandshakeTimeoutError,
  PluginMissingError,
  RouteConflictError,
} from '../../src/application/errors.ts'
import { TowpathError } from '../../src/base/index.ts'

describe('the errors of an application', () => {
  it('PluginMissingError names the plugin, what needs it, and the remedy', () => {
    const error = new PluginMissingError('declare webSocket route "/chat"', 'WebSockets')

    expect(error).toBeInstanceOf(TowpathError)
    expect(error).toMatchObject({
      name: 'PluginMissingError',
      code: 'TOWPATH_PLUGIN_MISSING',
      plugin: 'WebSockets',
      message:
        'Cannot declare webSocket route "/chat": plugin "WebSockets" is not installed, expected app.install(WebSockets) before it',
    })
  })

  it('DuplicatePluginError names the plugin', () => {
    expect(new DuplicatePluginError('WebSockets')).toMatchObject({
      name: 'DuplicatePluginError',
      code: 'TOWPATH_PLUGIN_DUPLICATE',
      plugin: 'WebSockets',
      message:
        'Cannot install plugin "WebSockets": it is installed already, expected one app.install(WebSockets)',
    })
  })

  it('RouteConflictError names both paths', () => {
    expect(new RouteConflictError('/a/:y', '/a/:x')).toMatchObject({
      name: 'RouteConflictError',
      code: 'TOWPATH_ROUTE_CONFLICT',
      path: '/a/:y',
      existing: '/a/:x',
      message:
        'Cannot declare route "/a/:y": "/a/:x" matches the same paths, expected another path',
    })
    expect(new RouteConflictError('/a', '/a').message).toBe(
      'Cannot declare route "/a": it has a handler already, expected another path',
    )
  })

  it('HandshakeTimeoutError carries the limit', () => {
    expect(new HandshakeTimeoutError(10_000)).toMatchObject({
      name: 'HandshakeTimeoutError',
      code: 'TOWPATH_HANDSHAKE_TIMEOUT',
      limitMs: 10_000,
      message: 'Cannot upgrade: the decision took longer than 10000 ms',
    })
  })
})
