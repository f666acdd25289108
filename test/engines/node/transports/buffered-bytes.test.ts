import { PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { takeBuffered } from '../../../../src/engines/node/transports/buffered-bytes.ts'

describe('takeBuffered()', () => {
  it('takes all that came in several chunks, as one Buffer', async () => {
    const socket = new PassThrough()
    for (const chunk of ['ab', 'cd', 'ef']) socket.write(chunk)
    await setImmediate()

    expect(takeBuffered(socket)).toEqual(Buffer.from('abcdef'))
    expect(takeBuffered(socket)).toBeNull()
  })

  it('returns null for a socket that has read nothing', () => {
    expect(takeBuffered(new PassThrough())).toBeNull()
  })
})
