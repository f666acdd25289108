import { Agent } from 'node:http'
import { describe, expect, it } from 'vitest'
import {
  NODE_OPTIONS,
  type NodeClientOptions,
  readDialerOptions,
} from '../../../../src/engines/node/dialing/client-options.ts'

const read = (options: unknown) => readDialerOptions(options as NodeClientOptions)

describe('readDialerOptions()', () => {
  it('has no agent, no socket path, no TLS options, no HTTP/2, and transport auto by default', () => {
    const defaults = { tls: {}, agent: null, socketPath: null, transport: 'auto', http2: false }
    expect(read({})).toEqual(defaults)
    expect(NODE_OPTIONS.names).toEqual(['tls', 'agent', 'socketPath', 'transport', 'http2'])
  })

  it('reads what is given', () => {
    const agent = new Agent()

    expect(read({ agent, tls: { ca: 'x' }, transport: 'stream' })).toEqual({
      tls: { ca: 'x' },
      agent,
      socketPath: null,
      transport: 'stream',
      http2: false,
    })
    expect(read({ http2: 'auto', agent }).http2).toBe('auto')
    expect(read({ socketPath: '/run/a.sock' }).socketPath).toBe('/run/a.sock')
  })

  it.each([
    [{ tls: true }, 'option "tls" is a boolean, expected an object'],
    [{ tls: { host: 'x' } }, 'option "tls" has host, expected it in the URL'],
    [{ tls: { socket: {} } }, 'option "tls" has socket'],
    [{ agent: {} }, 'option "agent" is an object without addRequest'],
    [{ agent: 'x' }, 'option "agent" is a string'],
    [{ socketPath: '' }, 'option "socketPath" is empty'],
    [{ socketPath: 'a\0b' }, 'option "socketPath" is invalid'],
    [{ socketPath: 7 }, 'option "socketPath" is 7'],
    [{ transport: 'fast' }, 'option "transport" is a string'],
    [{ agent: new Agent(), socketPath: '/a' }, 'options "agent" and "socketPath" are set'],
    [{ agent: new Agent(), http2: true }, 'options "agent" and "http2" are set'],
    [{ tls: { ALPNProtocols: [] }, http2: 'auto' }, '"tls.ALPNProtocols" and "http2" are set'],
    [{ http2: 1 }, 'option "http2" is 1, expected true, false or "auto"'],
    [{ http2: 'h2' }, 'option "http2" is another string'],
  ])('refuses %j', (options, what) => {
    expect(() => read(options)).toThrow(TypeError)
    expect(() => read(options)).toThrow(what)
  })
})
