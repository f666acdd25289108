import { describe, expect, it } from 'vitest'
import { permessageDeflate } from '../../../src/extensions/index.ts'
import { DEFAULT_SETTINGS } from '../../../src/session/internal.ts'
import {
  CLIENT_OPTION_NAMES,
  readClientOptions,
  type WebSocketClientOptions,
} from '../../../src/client/opening/client-options.ts'

const read = (options: unknown) => readClientOptions(options as WebSocketClientOptions)

describe('readClientOptions()', () => {
  it('has the defaults of a session, with masks, and 10 s for each half of the way', () => {
    expect(read({})).toEqual({
      session: { ...DEFAULT_SETTINGS, masking: true },
      headers: [],
      protocols: [],
      extensions: [],
      connectTimeout: 10_000,
      handshakeTimeout: 10_000,
      maxRedirects: 0,
      signal: null,
    })
  })

  it('reads what is given', () => {
    const { signal } = new AbortController()
    const deflate = permessageDeflate()

    expect(
      read({
        protocols: ['a', 'b'],
        extensions: [deflate],
        connectTimeout: null,
        handshakeTimeout: { seconds: 3 },
        followRedirects: 5,
        maxMessageSize: 7,
        masking: false,
        headers: { 'X-A': '1' },
        signal,
      }),
    ).toMatchObject({
      protocols: ['a', 'b'],
      extensions: [deflate],
      connectTimeout: null,
      handshakeTimeout: 3000,
      maxRedirects: 5,
      session: { maxMessageSize: 7, masking: false },
      headers: [['X-A', '1']],
      signal,
    })
    expect(read({ followRedirects: false }).maxRedirects).toBe(0)
  })

  it.each([
    [{ perMessageDeflate: true }, TypeError, 'expected extensions: [permessageDeflate()]'],
    [{ header: {} }, TypeError, 'unknown option "header", expected "headers"'],
    [{ protocols: 'a' }, TypeError, 'option "protocols" is a string, expected a list'],
    [{ protocols: ['a b'] }, TypeError, 'option "protocols" has an invalid name'],
    [{ protocols: ['a', 'a'] }, TypeError, 'option "protocols" has a duplicate name'],
    [{ extensions: [{}] }, TypeError, 'option "extensions" has an invalid element'],
    [{ connectTimeout: 0 }, RangeError, 'option "connectTimeout" is 0'],
    [{ connectTimeout: -1 }, RangeError, 'connectTimeout'],
    [{ handshakeTimeout: '1s' }, TypeError, 'handshakeTimeout'],
    [{ followRedirects: true }, TypeError, 'option "followRedirects" is a boolean'],
    [{ followRedirects: -1 }, RangeError, 'option "followRedirects" is -1'],
    [{ followRedirects: 1.5 }, RangeError, 'option "followRedirects" is 1.5'],
    [{ signal: {} }, TypeError, 'option "signal" is an object, expected an AbortSignal'],
    [{ maxMessageSize: 0 }, RangeError, 'option "maxMessageSize" is 0'],
    [null, TypeError, 'the options argument is null'],
  ])('refuses %j', (options, kind, message) => {
    expect(() => read(options)).toThrow(kind)
    expect(() => read(options)).toThrow(message)
  })

  it('lets the options of a platform pass', () => {
    expect(() => readClientOptions({ tls: {} } as WebSocketClientOptions, ['tls'])).not.toThrow()
    expect(CLIENT_OPTION_NAMES).toContain('pingPeriod')
  })
})
