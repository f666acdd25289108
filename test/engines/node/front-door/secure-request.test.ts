import { expect, it } from 'vitest'

import { SecureRequest } from '../../../../src/engines/node/front-door/secure-request.ts'

it('SecureRequest has what the head and the connection say', () => {
  const head = { target: '/chat?a', rawHeaders: ['Host', 'a'], byteLength: 40 }
  const facts = {
    local: { host: '127.0.0.1', port: 443 },
    remote: { host: '192.0.2.1', port: 50_000 },
    encrypted: true,
  }

  expect(new SecureRequest(head, facts, 12)).toMatchObject({
    method: 'GET',
    target: '/chat?a',
    httpVersion: '1.1',
    rawHeaders: ['Host', 'a'],
    earlyBytes: 12,
    hasBody: false,
    ...facts,
  })
})
