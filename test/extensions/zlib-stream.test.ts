import { describe, expect, it } from 'vitest'
import { streamEngine } from '../../src/extensions/zlib-stream.ts'
import { deflateEngineSuite } from '../suites/deflate-engine.ts'

describe('streamEngine', () => {
  deflateEngineSuite(streamEngine)

  it('many contexts at once are all served', async () => {
    const contexts = Array.from({ length: 50 }, () =>
      streamEngine.createDeflate({ windowBits: 9, level: 1, memoryLevel: 1 }),
    )
    const message = new TextEncoder().encode('Hello')

    const made = await Promise.all(
      contexts.map((context) => Promise.resolve(context.compress(message))),
    )

    expect(made.map((bytes) => bytes.length)).toEqual(contexts.map(() => 11))
    for (const context of contexts) context.close()
  })
})
