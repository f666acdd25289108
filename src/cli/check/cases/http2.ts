/**
 * WebSocket over HTTP/2, for servers (RFC 8441). The public suite has no such cases.
 */

import { type Finding, GOOD } from '../check-result.ts'
import {
  HELLO,
  HELLO_HEX,
  type Http2Case,
  http2Rule,
  type Http2Stage,
  wrong,
} from '../http2/http2-case.ts'
import {
  END_HEADERS,
  END_STREAM,
  type Field,
  FrameKind,
  headerBlock,
  PADDED,
} from '../http2/http2-frames.ts'
import {
  BINARY,
  concat,
  FAILED_1002,
  GOODBYE,
  GOODBYE_HEX,
  hex,
  plainFrame,
} from '../wire/frame-bytes.ts'
import { SAMPLE_KEY } from '../wire/http-head.ts'
import { wire } from '../wire/wire-frame.ts'

/** Larger than the window that every stream has at first (RFC 9113 §6.9.2). */
const LARGE_BYTES = 100_000

type Change = (fields: readonly Field[]) => readonly Field[]

/** Returns the cases. */
export function http2Cases(): Http2Case[] {
  return [
    ...settings(),
    ...accepted(),
    ...versions(),
    ...protocols(),
    ...pseudoHeaders(),
    ...connectionHeaders(),
    ...data(),
    ...ends(),
  ]
}

function settings(): Http2Case[] {
  const rule = http2Rule('RFC 8441 §3', 'MUST')
  return [
    rule('SETTINGS_ENABLE_CONNECT_PROTOCOL is 0 or 1, and not 0 after 1', async (stage) => {
      const finding = await stage.converse(await stage.ask())
      const values = stage.connection.wire.connectProtocol ?? []
      const strange = values.find((value) => value > 1)
      if (strange !== undefined) return wrong(`it sent the value ${strange}`)
      if (values.includes(0, values.indexOf(1))) return wrong('it sent 0 after 1')
      return finding
    }),
  ]
}

function accepted(): Http2Case[] {
  return [
    http2Rule('RFC 8441 §5', 'MUST')('a correct request is accepted', opens(same)),
    http2Rule('RFC 9113 §6.10', 'MUST')(
      'a request in HEADERS and CONTINUATION is accepted',
      async (stage) => stage.converse(await stage.ask({ isSplit: true })),
    ),
    http2Rule('RFC 9113 §8.2.2', 'MUST')(
      'a request with "te: trailers" is accepted',
      opens(adding('te', 'trailers')),
    ),
    http2Rule('RFC 8441 §5', 'SHOULD')(
      'a request with a Sec-WebSocket-Key is accepted',
      opens(adding('sec-websocket-key', SAMPLE_KEY)),
    ),
    http2Rule('RFC 8441 §5', 'MUST')(
      'an extension that the server does not have is declined',
      opens(adding('sec-websocket-extensions', 'towpath-check-unknown')),
    ),
    http2Rule('RFC 9113 §5.1.2', 'SHOULD')('two sessions share one connection', async (stage) => {
      const first = await stage.ask()
      const second = await stage.converse(await stage.ask())
      return second.kind === 'good' ? stage.converse(first) : second
    }),
  ]
}

function versions(): Http2Case[] {
  const refused = http2Rule('RFC 6455 §4.2.1', 'MUST')
  return [
    refused(
      'a request without Sec-WebSocket-Version is refused',
      refuses(without('sec-websocket-version')),
    ),
    ...['12', '14', '255'].map((version) =>
      http2Rule('RFC 6455 §4.2.2', 'MUST')(
        `the version ${version} is refused, with the versions that the server has`,
        async (stage) => {
          const fields = replacing('sec-websocket-version', version)(stage.fields)
          return stage.refusedVersion(await stage.ask({ fields }))
        },
      ),
    ),
    http2Rule('RFC 6455 §9.1', 'MUST')(
      'a list of extensions that is invalid is refused',
      refuses(adding('sec-websocket-extensions', 'permessage-deflate; =')),
    ),
  ]
}

function protocols(): Http2Case[] {
  const rule = http2Rule('RFC 8441 §4', 'MUST')
  return [
    rule(
      'a :protocol that is unknown is refused',
      refuses(replacing(':protocol', 'towpath-check')),
    ),
    rule('a :protocol of websockets is refused', refuses(replacing(':protocol', 'websockets'))),
    rule('an empty :protocol is refused', refuses(replacing(':protocol', ''))),
    http2Rule('RFC 9113 §8.3', 'MUST')(
      ':protocol twice is refused',
      refuses(([first, ...rest]) => [...listOf(first), [':protocol', 'websocket'], ...rest]),
    ),
    http2Rule('RFC 8441 §4', 'SHOULD')(
      'a GET with :protocol is refused',
      refuses(replacing(':method', 'GET')),
    ),
    http2Rule('RFC 9113 §8.5', 'MUST')(
      'a CONNECT with :path and :scheme, and without :protocol, is refused',
      refuses(without(':protocol')),
    ),
  ]
}

function pseudoHeaders(): Http2Case[] {
  const missing = http2Rule('RFC 8441 §4', 'MUST')
  const rule = http2Rule('RFC 9113 §8.3', 'MUST')
  return [
    missing('a request without :scheme is refused', refuses(without(':scheme'))),
    missing('a request without :path is refused', refuses(without(':path'))),
    http2Rule('RFC 9113 §8.3.1', 'MUST')(
      'an empty :path is refused',
      refuses(replacing(':path', '')),
    ),
    rule(
      ':path twice is refused',
      refuses(([first, ...rest]) => [...listOf(first), [':path', '/other'], ...rest]),
    ),
    rule(
      'a pseudo-header behind another header is refused',
      refuses((fields) => [['x-first', '1'], ...fields]),
    ),
    rule(
      'a pseudo-header that is unknown is refused',
      refuses((fields) => [[':towpath', '1'], ...fields]),
    ),
    rule(
      'a pseudo-header of responses is refused',
      refuses((fields) => [[':status', '200'], ...fields]),
    ),
    http2Rule('RFC 9113 §8.2.1', 'MUST')(
      'a name in upper case is refused',
      refuses(adding('X-Upper', '1')),
    ),
    // nghttp2 drops the field, which is as safe, and not visible from outside.
    http2Rule('RFC 9113 §8.2.1', 'MAY')(
      'a value with a line break is refused',
      refuses(adding('x-lines', 'a\nb')),
    ),
  ]
}

/** Headers of HTTP/1.1 that a proxy must not pass on. */
function connectionHeaders(): Http2Case[] {
  const rule = http2Rule('RFC 9113 §8.2.2', 'MUST')
  const fields: readonly Field[] = [
    ['connection', 'Upgrade'],
    ['upgrade', 'websocket'],
    ['keep-alive', 'timeout=5'],
    ['proxy-connection', 'keep-alive'],
    ['transfer-encoding', 'chunked'],
    ['te', 'gzip'],
  ]
  return fields.map(([name, value]) =>
    rule(`a request with "${name}: ${value}" is refused`, refuses(adding(name, value))),
  )
}

/** The stream carries bytes, as TCP does: frames of HTTP/2 are no frames of WebSocket. */
function data(): Http2Case[] {
  const rule = http2Rule('RFC 8441 §5', 'MUST')
  const hello = wire('server', HELLO)
  const large = { first: BINARY, payload: new Uint8Array(LARGE_BYTES).fill(0x2a) }
  return [
    rule('a message in DATA frames of one byte is echoed', async (stage) => {
      return stage.converse(await stage.ask(), {
        sends: [{ bytes: hello, size: 1 }, { awaits: 1 }, GOODBYE],
        gets: hex(`${HELLO_HEX} ${GOODBYE_HEX}`),
      })
    }),
    rule('two messages in one DATA frame are echoed', async (stage) => {
      return stage.converse(await stage.ask(), {
        sends: [{ bytes: concat(hello, hello) }, { awaits: 2 }, GOODBYE],
        gets: hex(`${HELLO_HEX} ${HELLO_HEX} ${GOODBYE_HEX}`),
      })
    }),
    http2Rule('RFC 9113 §6.1', 'MUST')(
      'the padding of a DATA frame is no part of a message',
      async (stage) => {
        const padded = Buffer.concat([Buffer.of(3), hello, Buffer.alloc(3)])
        return injecting(stage, [[PADDED, padded]])
      },
    ),
    http2Rule('RFC 9113 §6.1', 'MUST')(
      'an empty DATA frame inside of a message changes nothing',
      async (stage) => {
        const parts = [hello.subarray(0, 4), new Uint8Array(0), hello.subarray(4)]
        return injecting(
          stage,
          parts.map((part) => [0, part]),
        )
      },
    ),
    http2Rule('RFC 9113 §5.2', 'MUST')(
      'a message that is larger than the first window is echoed',
      async (stage) => {
        return stage.converse(await stage.ask(), {
          sends: [large, GOODBYE],
          gets: concat(plainFrame(BINARY, large.payload), hex(GOODBYE_HEX)),
        })
      },
    ),
    http2Rule('RFC 6455 §5.1', 'MUST')('a frame without a mask is refused', async (stage) => {
      return stage.converse(await stage.ask(), {
        sends: [HELLO_HEX, GOODBYE],
        gets: hex(FAILED_1002),
      })
    }),
  ]
}

function ends(): Http2Case[] {
  const rule = http2Rule('RFC 8441 §5', 'SHOULD')
  return [
    rule('after both Close frames, the stream ends with END_STREAM', async (stage) => {
      const answer = await stage.ask()
      const finding = await stage.converse(answer)
      const { isEnded, reset } = stage.connection.factsOf(answer)
      if (finding.kind !== 'good' || isEnded) return finding
      return reset === null
        ? wrong('it did not end the stream')
        : wrong(`it reset the stream (${reset})`)
    }),
    rule('the end of the stream without a Close ends the session', async (stage) => {
      return stage.converse(await stage.ask(), {
        sends: [HELLO, { ends: true }],
        gets: hex(HELLO_HEX),
      })
    }),
    rule('a request that ends its stream keeps no session open', async (stage) => {
      const answer = await stage.ask({ endsStream: true })
      if (stage.refused(answer).kind === 'good') return GOOD
      const facts = (): boolean => {
        const { isEnded, reset } = stage.connection.factsOf(answer)
        return isEnded || reset !== null
      }
      await stage.connection.until(facts)
      return facts() ? GOOD : wrong('it kept the stream open')
    }),
    http2Rule('RFC 9113 §5.4.2', 'MUST')(
      'RST_STREAM with CANCEL ends one session, and not the others',
      async (stage) => {
        const kept = await stage.ask()
        const refusal = stage.refusalOf(kept)
        if (refusal !== null) return refusal
        const cancelled = await stage.ask()
        stage.connection.wire.cancel(cancelled.stream)
        const finding = await stage.converse(kept)
        return finding.kind === 'good' ? stage.converse(await stage.ask()) : finding
      },
    ),
    http2Rule('RFC 9113 §8.5', 'MUST')(
      'HEADERS on a stream that is open are a stream error',
      async (stage) => {
        const answer = await stage.ask()
        const refusal = stage.refusalOf(answer)
        if (refusal !== null) return refusal
        const { wire: out } = stage.connection
        const payload = headerBlock([['x-trailer', '1']])
        const flags = END_HEADERS | END_STREAM
        out.inject({ kind: FrameKind.HEADERS, flags, stream: answer.stream, payload })
        const isReset = (): boolean => stage.connection.factsOf(answer).reset !== null
        await stage.connection.until(() => isReset() || out.isGoingAway)
        return isReset() || out.isGoingAway ? GOOD : wrong('it did not reset the stream')
      },
    ),
  ]
}

/** Sends HELLO as DATA frames with these flags, and expects its echo. */
async function injecting(
  stage: Http2Stage,
  parts: ReadonlyArray<readonly [flags: number, payload: Uint8Array]>,
): Promise<Finding> {
  const answer = await stage.ask()
  const refusal = stage.refusalOf(answer)
  if (refusal !== null) return refusal
  for (const [flags, payload] of parts) {
    stage.connection.wire.inject({ kind: FrameKind.DATA, flags, stream: answer.stream, payload })
  }
  return stage.converse(answer, {
    sends: [{ awaits: 1 }, GOODBYE],
    gets: hex(`${HELLO_HEX} ${GOODBYE_HEX}`),
  })
}

function opens(change: Change): Http2Case['perform'] {
  return async (stage) => stage.converse(await stage.ask({ fields: change(stage.fields) }))
}

function refuses(change: Change): Http2Case['perform'] {
  return async (stage) => stage.refused(await stage.ask({ fields: change(stage.fields) }))
}

function same(fields: readonly Field[]): readonly Field[] {
  return fields
}

function without(name: string): Change {
  return (fields) => fields.filter(([each]) => each !== name)
}

function replacing(name: string, value: string): Change {
  return (fields) => fields.map((field) => (field[0] === name ? [name, value] : field))
}

function adding(name: string, value: string): Change {
  return (fields) => [...fields, [name, value]]
}

function listOf(field: Field | undefined): Field[] {
  return field === undefined ? [] : [field]
}
