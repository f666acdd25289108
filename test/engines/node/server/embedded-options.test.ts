import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'

import {
  type EmbeddedServerOptions,
  readOptions,
} from '../../../../src/engines/node/server/embedded-options.ts'

describe('readOptions()', () => {
  it('gives port 8080 on all addresses, signals on, and nothing else', () => {
    expect(readOptions({})).toEqual({
      port: 8080,
      http2: null,
      host: null,
      socketPath: null,
      fd: null,
      tls: null,
      http: null,
      signals: true,
      transport: 'auto',
      stop: { lead: 0, grace: 1000, timeout: 15_000, reconnectWithin: null },
      maxHeadSize: 32_768,
      workers: 1,
      health: null,
      logger: null,
    })
  })

  it('keeps what is given', () => {
    const http = (): void => {}
    const options = {
      port: 0,
      host: '::1',
      tls: { cert: 'c', key: 'k' },
      http,
      signals: false,
      transport: 'stream' as const,
      stop: { lead: 4000, grace: 1000, timeout: 2000, reconnectWithin: 3000 },
      health: { live: '/live', ready: '/ready' },
      maxHeadSize: 1000,
      workers: 3,
      logger: console,
    }

    expect(readOptions(options)).toEqual({ ...options, socketPath: null, fd: null, http2: null })
  })

  it('takes the path of a Unix socket, alone', () => {
    expect(readOptions({ socketPath: '/run/app.sock' }).socketPath).toBe('/run/app.sock')
    for (const more of [
      { port: 80 },
      { host: '::1' },
      { workers: 2 },
      { workers: 'auto' },
      { fd: 3 },
    ] as const) {
      expect(() => readOptions({ socketPath: '/run/app.sock', ...more })).toThrow(
        'Cannot make the server: option "socketPath" is set together with "port", "host", "fd" or "workers", expected it alone',
      )
    }
    expect(() => readOptions({ socketPath: '' })).toThrow('option "socketPath" is empty')
  })

  it('D-02 takes the options of a stop by a signal, and checks them as stop() does', () => {
    expect(readOptions({ signals: { lead: 5000, reconnectWithin: 30_000 } }).signals).toEqual({
      lead: 5000,
      grace: 1000,
      timeout: 15_000,
      reconnectWithin: 30_000,
    })
    expect(() => readOptions({ signals: { lead: 5 } })).toThrow(
      'Cannot make the server, option "signals": ',
    )
  })

  it('refuses stop options as stop() does', () => {
    expect(() => readOptions({ stop: { grace: 2000, timeout: 1000 } })).toThrow(
      'Cannot make the server, option "stop": timeout is 1000 ms, expected at least the grace of 2000 ms',
    )
  })

  it("gives as many workers as this machine runs at once for 'auto'", () => {
    expect(readOptions({ workers: 'auto' }).workers).toBe(availableParallelism())
  })

  for (const [options, message] of [
    [{ prot: 1 }, 'unknown option "prot", expected "port"'],
    [{ port: 70_000 }, 'option "port" is 70000, expected a whole number from 0 to 65535'],
    [{ port: -1 }, 'option "port" is -1, expected a whole number from 0 to 65535'],
    [{ port: '80' }, 'option "port" is a string, expected a whole number from 0 to 65535'],
    [{ host: '' }, 'option "host" is empty, expected an address or a host name'],
    [{ host: 1 }, 'option "host" is 1, expected an address or a host name'],
    [{ transport: 'tcp' }, 'option "transport" is a string, expected "auto" or "stream"'],
    [{ maxHeadSize: 0 }, 'option "maxHeadSize" is 0, expected a whole number of 1 or above'],
    [{ workers: 0 }, 'option "workers" is 0, expected a whole number of 1 or above'],
    [
      { workers: 'all' },
      'option "workers" is a string, expected a whole number above 0, or "auto"',
    ],
    [{ signals: 1 }, 'option "signals" is 1, expected true, false or stop options'],
    [{ fd: -1 }, 'option "fd" is -1, expected a whole number of 0 or above'],
    [
      { fd: 3, port: 1 },
      'option "fd" is set together with "port", "host", "socketPath" or "workers", expected it alone',
    ],
    [
      { health: { live: 'live' } },
      'option "health.live" is "live", expected a path that begins with "/"',
    ],
    [{ health: { life: '/' } }, 'unknown option "health.life", expected "health.live"'],
    [{ tls: 'x' }, 'option "tls" is a string, expected an object'],
    [{ tls: {} }, 'option "tls" has no certificate, expected "cert" and "key", or "pfx"'],
    [{ tls: { cert: 'c' } }, 'option "tls" has "cert" without "key", expected both'],
    [{ tls: { key: 'k', cret: 'c' } }, 'option "tls" has no certificate, expected "cert"'],
    [{ logger: {} }, 'option "logger" has no debug(), expected debug, info, warn and error'],
    [
      { http: { fetch: 1 } },
      'option "http" is an object, expected a function (request, response); ' +
        'getRequestListener(app.fetch) of @hono/node-server makes one of a fetch handler',
    ],
    [null, 'the options argument is null, expected an object'],
  ] as const) {
    it(`throws for ${JSON.stringify(options)}`, () => {
      // Each of them is a mistake that the types catch as well.
      expect(() => readOptions(options as EmbeddedServerOptions)).toThrow(
        `Cannot make the server: ${message}`,
      )
    })
  }
})
