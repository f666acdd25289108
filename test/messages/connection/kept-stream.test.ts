import { describe, expect, it } from 'vitest'
import { RequestFailedError } from '../../../src/messages/errors.ts'
import { KeptStream } from '../../../src/messages/connection/kept-stream.ts'
import type { MessageStream } from '../../../src/messages/typed-session.ts'

/** A stream of one session, which ends with `end`. */
function streamOf(items: readonly unknown[], end: Error | string): MessageStream<unknown, unknown> {
  const result = end instanceof Error ? Promise.reject(end) : Promise.resolve(end)
  result.catch(() => {})
  return {
    result,
    cancel: () => {},
    readable: () => new ReadableStream(),
    async *[Symbol.asyncIterator]() {
      yield* items
      if (end instanceof Error) throw end
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

const LOST = new RequestFailedError('watch', 'DISCONNECTED')

async function collect(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('KeptStream', () => {
  it('M-30 asks again with the last item, until the stream ends', async () => {
    const asked: unknown[] = []
    const streams = [streamOf([1, 2], LOST), streamOf([], LOST), streamOf([3], 'end')]
    const kept = new KeptStream(
      'watch',
      (last) => {
        asked.push(last)
        const next = streams.shift()
        return next === undefined ? Promise.reject(LOST) : Promise.resolve(next)
      },
      null,
    )

    expect(await collect(kept)).toEqual([1, 2, 3])
    expect(asked).toEqual([null, 2, 2])
    expect(await kept.result).toBe('end')
  })

  it('fails with any other failure, and is not asked again', async () => {
    const failure = new RequestFailedError('watch', 'NO_SUCH_ROOM')
    let asked = 0
    const kept = new KeptStream(
      'watch',
      () => {
        asked++
        return Promise.resolve(streamOf([1], failure))
      },
      null,
    )

    await expect(collect(kept)).rejects.toBe(failure)
    await expect(kept.result).rejects.toBe(failure)
    expect(asked).toBe(1)
  })

  it('fails when there will be no session any more', async () => {
    const kept = new KeptStream('watch', () => Promise.reject(LOST), null)

    await expect(collect(kept)).rejects.toBe(LOST)
  })

  it('is a WHATWG stream too', async () => {
    const kept = new KeptStream('watch', () => Promise.resolve(streamOf([1], 'end')), null)
    const reader = kept.readable().getReader()

    expect(await reader.read()).toEqual({ done: false, value: 1 })
    expect(await reader.read()).toEqual({ done: true, value: undefined })
  })
})
