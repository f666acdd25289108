import type { Http2Stream } from 'node:http2'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'

import { StreamInbox } from '../../../../src/engines/node/http2/stream-inbox.ts'

/** As much of a stream of Node as an inbox uses, and what was read of it. */
function inboxOf() {
  const stream = new Readable({ read() {} })
  const inbox = new StreamInbox(stream as Http2Stream) // the part that is used
  const read: Buffer[] = []
  return {
    stream,
    inbox,
    read,
    /** Reads all that the stream has, and resolves with its end. */
    ended: () =>
      new Promise<void>((resolve) => {
        stream.on('data', (bytes: Buffer) => read.push(bytes))
        stream.on('end', resolve)
      }),
  }
}

describe('StreamInbox', () => {
  it('copies what it holds into few blocks, and refuses more', async () => {
    const { stream, inbox, read, ended } = inboxOf()
    const chunk = new Uint8Array(64 * 1024)
    const sent = Buffer.alloc(20_000)
    const answers = new Set<boolean>()
    for (let at = 0; at < sent.length; at++) {
      sent[at] = at % 251
      chunk[at] = at % 251
      // A view of a large chunk, as Node's module makes one for each frame.
      answers.add(stream.push(chunk.subarray(at, at + 1)))
    }
    expect([...answers]).toEqual([false])
    expect(inbox.bytes).toBeGreaterThanOrEqual(20_000)
    expect(inbox.bytes).toBeLessThanOrEqual(20_000 + 16 * 1024)

    inbox.release()
    stream.push(null)
    await ended()

    expect(Buffer.concat(read).equals(sent)).toBe(true)
    expect(read.length).toBeLessThan(10)
    expect(read.every(({ buffer }) => buffer !== chunk.buffer)).toBe(true)
    expect(inbox.bytes).toBe(0)
  })

  it('takes little memory for few bytes, and reports it once', () => {
    const { stream, inbox } = inboxOf()
    const reports: number[] = []
    inbox.keeper = { unread: (bytes) => void reports.push(bytes) }
    for (let times = 0; times < 600; times++) stream.push(Buffer.from('a'))

    expect(reports).toEqual([512, 512])
    expect(inbox.bytes).toBe(1024)
  })

  it('counts what the stream itself holds', () => {
    const { stream, inbox } = inboxOf()
    inbox.release()
    stream.push(Buffer.alloc(100))

    expect(inbox.bytes).toBe(100)
  })

  it('keeps the order over hold() and release(), and the end comes last', async () => {
    const { stream, inbox, read, ended } = inboxOf()
    stream.push(Buffer.from('1'))
    inbox.release()
    stream.push(Buffer.from('2'))
    inbox.hold()
    stream.push(Buffer.from('3'))
    inbox.release()
    inbox.hold()
    stream.push(Buffer.from('4'))
    stream.push(null)
    await ended()

    expect(Buffer.concat(read).toString()).toBe('1234')
  })

  it('remove() leaves the stream as it was, with all that has arrived', async () => {
    const { stream, inbox, read, ended } = inboxOf()
    stream.push(Buffer.from('early'))
    inbox.remove()
    expect(Object.hasOwn(stream, 'push')).toBe(false)
    stream.push(null)
    await ended()

    expect(Buffer.concat(read).toString()).toBe('early')
  })

  it('drop() frees what waits', () => {
    const { stream, inbox } = inboxOf()
    stream.push(Buffer.alloc(1000))
    inbox.drop()

    expect(inbox.bytes).toBe(0)
  })
})
