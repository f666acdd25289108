/**
 * Advisory class: a client that takes any certificate for any host. CVE-2016-10536
 * (engine.io-client turned the check off), CVE-2020-15133 (faye-websocket did not check the name),
 * CVE-2018-21035 and others of the kind.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NodeClientOptions, openWebSocket } from '../../src/node-client.ts'
import { certificate } from '../support/certificate.ts'
import { type RawServer, rawServer, switchingHead } from '../support/raw-server.ts'

describe('advisory: TLS host names', () => {
  let folder = ''
  let socketPath = ''
  let requests = 0
  let server: RawServer | null = null

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'towpath-'))
    socketPath = join(folder, 'tls.sock')
    // Its certificate is for localhost and 127.0.0.1. By way of a Unix socket it stands for any
    // name.
    server = await rawServer(
      ({ socket, head }) => {
        requests++
        socket.write(switchingHead(head))
      },
      { tls: {}, path: socketPath },
    )
  })

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  const open = async (url: string, options: NodeClientOptions): Promise<string> => {
    try {
      const session = await openWebSocket(url, { socketPath, ...options })
      session.terminate()
      return 'open'
    } catch (error) {
      const { step, cause } = error as { step?: string; cause?: { code?: string } }
      return `${step} ${cause?.code}`
    }
  }
  const trusted = { ca: certificate.cert }

  it('a certificate for the name, by somebody known, is taken', async () => {
    expect(await open('wss://localhost/', { tls: trusted })).toBe('open')
    expect(await open('wss://127.0.0.1/', { tls: trusted })).toBe('open')
  })

  it.each([
    'wss://example.com/',
    'wss://localhost.example.com/',
    'wss://127.0.0.2/',
    'wss://[::1]/',
  ])('a certificate for another name than that of %s is not, and nothing is sent', async (url) => {
    const before = requests

    expect(await open(url, { tls: trusted })).toBe('tls ERR_TLS_CERT_ALTNAME_INVALID')
    expect(requests).toBe(before)
  })

  it('a certificate by nobody known is not, with no options and with options about other things', async () => {
    expect(await open('wss://localhost/', {})).toBe('tls DEPTH_ZERO_SELF_SIGNED_CERT')
    expect(await open('wss://localhost/', { tls: { minVersion: 'TLSv1.2' } })).toBe(
      'tls DEPTH_ZERO_SELF_SIGNED_CERT',
    )
  })

  it('the Host that is asked for has no part in the check', async () => {
    const headers = { Host: 'localhost' }

    expect(await open('wss://example.com/', { tls: trusted, headers })).toBe(
      'tls ERR_TLS_CERT_ALTNAME_INVALID',
    )
    expect(await open('wss://localhost/', { tls: trusted, headers: { Host: 'example.com' } })).toBe(
      'open',
    )
  })

  it('only who says so in as many words turns it off', async () => {
    expect(await open('wss://example.com/', { tls: { rejectUnauthorized: false } })).toBe('open')
    expect(await open('wss://example.com/', { tls: { ...trusted, servername: 'localhost' } })).toBe(
      'open',
    )
  })
})
