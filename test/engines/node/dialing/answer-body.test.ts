import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'

import { AnswerBody } from '../../../../src/engines/node/dialing/answer-body.ts'

function reading() {
  const source = new PassThrough()
  let body: AnswerBody | null = null
  const done = new Promise<Buffer>((resolve) => {
    body = new AnswerBody(source, () => resolve(body?.bytes ?? Buffer.alloc(0)))
  })
  return { source, done }
}

describe('AnswerBody', () => {
  it('is the whole body', async () => {
    const { source, done } = reading()
    source.write('who ')
    source.end('are you?')

    expect(String(await done)).toBe('who are you?')
  })

  it('is the first 64 KiB of a body that does not end', async () => {
    const { source, done } = reading()
    source.write(Buffer.alloc(100_000, 'x'))

    expect((await done).length).toBe(65_536)
  })

  it('is the part that arrived before an error', async () => {
    const { source, done } = reading()
    source.once('data', () => source.destroy(new Error('on purpose')))
    source.write('part')

    expect(String(await done)).toBe('part')
  })
})
