import { readFileSync } from 'node:fs'
import { expect, it, onTestFinished, vi } from 'vitest'

import { startMetered } from '../../../examples/metrics/metrics.ts'
import { knock, trade, visit } from '../../../examples/metrics/traffic.ts'

it('counts the traffic of its clients, and every metric of the dashboard exists', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
  const { server, metricsUrl, stop } = await startMetered(0, 0)
  const url = `ws://127.0.0.1:${server.address.port}`
  await visit(url, 3, 4001)
  await knock(url)
  await trade(url, 'canal')
  // The server has seen the end of both by then.
  await server.stop({ grace: 0 })

  const text = await (await fetch(metricsUrl)).text()
  await stop()

  expect(text).toContain('towpath_messages_total{route="/echo",direction="incoming"} 3\n')
  expect(text).toContain(
    'towpath_session_duration_seconds_count{route="/echo",code="4001",initiator="remote"} 1\n',
  )
  expect(text).toContain('towpath_upgrades_total{route="/echo",status="403",reason="origin"} 1\n')
  expect(text).toContain('towpath_topic_events_published_total{kind="prices/:share"} 1\n')
  expect(text).not.toContain('canal')
  const dashboard = readFileSync('examples/metrics/grafana.json', 'utf8')
  const names = new Set(
    [...dashboard.matchAll(/towpath_\w+/g)].map(([name]) =>
      name.replace(/_(bucket|count|sum)$/, ''),
    ),
  )
  expect(names.size).toBeGreaterThan(20)
  for (const name of names) expect(text).toContain(`# TYPE ${name} `)
})
