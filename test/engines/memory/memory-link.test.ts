import { describe, expect, it } from 'vitest'
import { MemoryLink, type MemoryLinkOptions } from '../../../src/engines/memory/memory-link.ts'
import type { Transport } from '../../../src/session/index.ts'
import { hex, toHex } from '../../support/bytes.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'

/** A link whose ends write down what they are told. */
function link(options: MemoryLinkOptions = {}): {
  readonly link: MemoryLink
  readonly client: string[]
  readonly server: string[]
} {
  const made = new MemoryLink(memoryEnvironment(), options)
  return { link: made, client: listen(made.client), server: listen(made.server) }
}

function listen(transport: Transport): string[] {
  const told: string[] = []
  transport.start({
    receive: (bytes) => void told.push(toHex(bytes)),
    unread: () => {},
    receiveEnd: () => void told.push('end'),
    drained: () => void told.push('drained'),
    closed: (cause) => void told.push(cause === null ? 'closed' : `closed: ${codeOf(cause)}`),
  })
  return told
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.message
}

describe('MemoryLink', () => {
  it('connects two transports, whose addresses mirror each other', async () => {
    const { link: made, client, server } = link({ encrypted: true })

    made.client.write(hex('01'))
    made.server.write(hex('02'))
    await settled()

    expect([client, server]).toEqual([['02'], ['01']])
    expect(made.server.remote).toEqual({ host: '127.0.0.1', port: 50_000 })
    expect(made.server.local).toEqual({ host: 'localhost', port: 80 })
    expect(made.client.remote).toEqual(made.server.local)
    expect([made.client.encrypted, made.server.encrypted]).toEqual([true, true])
  })

  it('closes both ends once both have ended, and each direction for itself before', async () => {
    const { link: made, client, server } = link()

    made.client.end()
    made.client.end()
    await settled()
    expect([client, server]).toEqual([[], ['end']])
    made.server.write(hex('01'))
    made.server.end()
    await settled()

    expect(client).toEqual(['01', 'end', 'closed'])
    expect(server).toEqual(['end', 'closed'])
    expect(made.isOver).toBe(true)
  })

  it('abort() drops this end, and resets the other', async () => {
    const { link: made, client, server } = link()

    made.server.write(hex('01'))
    made.server.abort()
    made.server.abort()
    expect(server).toEqual([])
    await settled()

    expect(server).toEqual(['closed'])
    expect(client).toEqual(['closed: ECONNRESET'])
    expect(made.server.write(hex('02'))).toBe('queued')
  })

  it('tells an end that begins late what has happened', async () => {
    const made = new MemoryLink(memoryEnvironment())
    made.client.write(hex('01'))
    const server = listen(made.server)
    await settled()
    expect(server).toEqual(['01'])

    made.server.abort()
    const client = listen(made.client)
    expect(client).toEqual([])
    await settled()
    expect(client).toEqual(['closed: ECONNRESET'])
  })

  it('stops reading while it is paused', async () => {
    const { link: made, server } = link()

    made.server.pause()
    made.client.write(hex('01'))
    await settled()
    expect(server).toEqual([])
    made.server.resume()
    await settled()

    expect(server).toEqual(['01'])
  })

  it('counts what the kernels do not hold, and tells when it has drained', async () => {
    const { link: made, client } = link()
    made.server.pause()

    made.client.write(new Uint8Array(128 * 1024))
    expect(made.client.write(hex('01'))).toBe('queued')
    expect(made.client.queuedBytes).toBe(1)
    made.server.resume()
    await settled()

    expect(client).toEqual(['drained'])
    expect(made.client.queuedBytes).toBe(0)
  })

  it('reset() loses what is under way, and tells both ends', async () => {
    const { link: made, client, server } = link()

    made.client.write(hex('01'))
    made.reset()
    await settled()

    expect([client, server]).toEqual([['closed: ECONNRESET'], ['closed: ECONNRESET']])
  })

  it('cut() lets nothing through, not even a reset; mend() resets who was left behind', async () => {
    const { link: made, client, server } = link()

    made.cut()
    made.client.write(hex('01'))
    made.client.abort()
    await settled()
    expect([client, server]).toEqual([['closed'], []])
    expect(made.isOver).toBe(false)

    made.mend()
    await settled()
    expect(server).toEqual(['closed: ECONNRESET'])
    expect(made.isOver).toBe(true)
  })

  it('mend() lets arrive what was written meanwhile, the end too', async () => {
    const { link: made, client, server } = link()

    made.cut()
    made.client.write(hex('01'))
    made.server.end()
    await settled()
    expect([client, server]).toEqual([[], []])
    made.mend()
    await settled()

    expect([client, server]).toEqual([['end'], ['01']])
  })

  it('toServer() and toClient() change the faults of one direction', async () => {
    const { link: made, client, server } = link({ toServer: { cut: () => 1 } })

    made.toServer({ stalled: true })
    made.toClient({ resetAfterBytes: 2 })
    made.client.write(hex('01 02'))
    await settled()
    expect(server).toEqual([])
    made.toServer({ stalled: false })
    await settled()
    expect(server).toEqual(['01', '02'])
    made.server.write(hex('03 04 05'))
    await settled()

    expect(client).toEqual(['03 04', 'closed: ECONNRESET'])
    expect(server).toEqual(['01', '02', 'closed: ECONNRESET'])
  })
})
