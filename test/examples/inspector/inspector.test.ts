import { expect, it, onTestFinished, vi } from 'vitest'

import { openWebSocket } from 'towpath/client'
import { startInspected } from '../../../examples/inspector/inspected.ts'
import { misbehave } from '../../../examples/inspector/traffic.ts'

it('opens for the token that it prints, and then for the cookie', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
  const { server, inspectorUrl } = await startInspected(0)
  const url = `ws://127.0.0.1:${server.address.port}`
  await misbehave(url)
  const refused = await fetch(new URL('/towpath', inspectorUrl))
  const opened = await fetch(inspectorUrl)
  const [cookie = ''] = (opened.headers.get('set-cookie') ?? '').split(';')
  const again = await fetch(new URL('/towpath', inspectorUrl), { headers: { cookie } })
  const session = await openWebSocket(`${url}/towpath`, { headers: { cookie } })
  await session.incoming.receive()
  const snapshot = await session.incoming.receive()
  await session.close()
  await server.stop({ grace: 0 })

  expect([refused.status, opened.status, again.status]).toEqual([401, 200, 200])
  expect(new TextDecoder().decode(snapshot.buffer)).toContain('TOWPATH_FRAME_TOO_BIG')
})
