/**
 * The reference against the receiver of `ws` 8.23, an implementation that we did not write: what
 * one takes the other takes, with the same messages, and what one refuses the other refuses. Where
 * they differ on purpose is listed at `expectSame`.
 */

import { createRequire } from 'node:module'
import type { Writable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat, ROLES } from '../protocol/wire.ts'
import { toHex } from '../support/bytes.ts'
import { type Broken, readStream, wholeMessages } from '../support/reference-decoder.ts'
import { effort, TIME } from './effort.ts'
import { cutAs, cuttings, damaged, seeds, streams } from './streams.ts'

const MAX_MESSAGE_BYTES = 2 ** 20

const require = createRequire(import.meta.url)
// Its types leave the receiver out; package.json pins the version that it was looked up in.
const { Receiver } = require('ws') as {
  readonly Receiver: new (options: Readonly<Record<string, unknown>>) => Writable
}

describe('the reference and ws, fuzzed', () => {
  for (const role of ROLES) {
    it(`the reference and ws agree about any stream to a ${role}`, TIME, async () => {
      await fc.assert(
        fc.asyncProperty(damaged(streams(role)), cuttings, async (bytes, sizes) => {
          await expectSame(bytes, sizes, role)
        }),
        effort(1000),
      )
    })
  }

  it('the reference and ws agree about damaged seeds', TIME, async () => {
    const stream = fc.constantFrom(...seeds('frames.hex'))

    await fc.assert(
      fc.asyncProperty(damaged(stream, 3), cuttings, async (bytes, sizes) => {
        await expectSame(bytes, sizes, 'server')
      }),
      effort(1500),
    )
  })
})

/**
 * Deliberate differences, all of them stricter on our side:
 * - a length that is not in its shortest form (§5.2): `ws` takes it;
 * - a length of 2^63 and more (§5.2): 1002 here, 1009 in `ws`;
 * - text that is not UTF-8 (§8.1): refused here at its first bad byte, by `ws` at the end of the
 *   message, so that it may answer pings until then, find another violation, or find nothing wrong
 *   at all.
 */
async function expectSame(
  bytes: Uint8Array,
  sizes: readonly number[],
  role: 'server' | 'client',
): Promise<void> {
  const options = {
    role,
    maxFrameSize: Infinity,
    maxMessageSize: MAX_MESSAGE_BYTES,
    maxFragments: Infinity,
  }
  const reading = readStream(bytes, options)
  const ours = wholeMessages(reading.events).map((event) =>
    event === 'close' ? 'close 1005 ""' : event,
  )
  // ws looks at a header when two bytes are there: what we have refused by then has to be followed
  // by something.
  const sent = reading.broken === null ? bytes : concat(bytes, new Uint8Array(16))
  const theirs = await receivedByWs(cutAs(sent, sizes), role)

  const compared = comparable(reading.broken, ours, theirs)
  expect(compared.theirs).toEqual(compared.ours)
}

/** What has to be the same, in the light of the deliberate differences. */
function comparable(
  broken: Broken | null,
  ours: readonly string[],
  theirs: readonly string[],
): { readonly ours: readonly string[]; readonly theirs: readonly string[] } {
  const before = ours.filter((line) => !line.startsWith('violation'))
  switch (broken) {
    case 'length form':
      return { ours: before, theirs: theirs.slice(0, before.length) }
    case 'length above 2^63':
      return { ours: [...before, 'violation 1009'], theirs }
    case 'text':
      // Whatever ws says behind it, it may be no message.
      return {
        ours: before,
        theirs: theirs.filter(
          (line, index) => index < before.length || /^(text|binary)/.test(line),
        ),
      }
    default:
      return { ours, theirs }
  }
}

async function receivedByWs(
  pieces: readonly Uint8Array[],
  role: 'server' | 'client',
): Promise<string[]> {
  const lines: string[] = []
  const receiver = new Receiver({ isServer: role === 'server', maxPayload: MAX_MESSAGE_BYTES })
  const shown = (bytes: Uint8Array): string => (bytes.length === 0 ? '' : ` ${toHex(bytes)}`)
  receiver.on('message', (data: Buffer, isBinary: boolean) => {
    lines.push(`${isBinary ? 'binary' : 'text'}${shown(data)}`)
  })
  receiver.on('ping', (data: Buffer) => lines.push(`ping${shown(data)}`))
  receiver.on('pong', (data: Buffer) => lines.push(`pong${shown(data)}`))
  receiver.on('conclude', (code: number, reason: Buffer) => {
    lines.push(`close ${code} "${reason.toString()}"`)
  })
  receiver.on('error', (error) => {
    const [status] = Object.getOwnPropertySymbols(error)
    lines.push(`violation ${String(status === undefined ? error : Reflect.get(error, status))}`)
  })
  for (const piece of pieces) {
    if (receiver.destroyed) break
    await new Promise<void>((resolve) => {
      receiver.write(piece, () => resolve())
    })
  }
  // Its error is told in a turn of its own.
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
  return lines
}
