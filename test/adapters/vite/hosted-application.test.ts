import { describe, expect, it } from 'vitest'

import type { UpgradeRequest } from '../../../src/application/index.ts'
import { HostedApplication } from '../../../src/adapters/vite/hosted-application.ts'
import { createEnvironment } from '../../../src/engines/node/environment.ts'
import { accepted, scriptedApplication } from '../../support/scripted-application.ts'

const request: UpgradeRequest = {
  method: 'GET',
  target: '/ours',
  httpVersion: '1.1',
  rawHeaders: [],
  hasBody: false,
  local: { host: '', port: null },
  remote: { host: '', port: null },
  encrypted: false,
}

function ask({ shell }: HostedApplication): unknown {
  return shell.upgrade(request, createEnvironment(), new AbortController().signal)
}

describe('HostedApplication', () => {
  it('leaves upgrades unclaimed before there is an application', () => {
    expect(ask(new HostedApplication(() => false))).toEqual({ type: 'unclaimed' })
  })

  it('answers 404 for unknown paths when no other listener does', () => {
    expect(ask(new HostedApplication(() => true))).toMatchObject({ type: 'refused', status: 404 })
  })

  it('sends upgrades to the newest application', () => {
    const newest = accepted(() => {})
    const host = new HostedApplication(() => true)

    host.replace(scriptedApplication(() => ({ type: 'unclaimed' })))
    host.replace(scriptedApplication(() => newest))

    expect(ask(host)).toBe(newest)
  })

  it('stops the newest application with it', async () => {
    const host = new HostedApplication(() => true)
    const application = scriptedApplication(() => ({ type: 'unclaimed' }))
    const stopped: unknown[] = []
    application.monitor.on('stopped', (counts) => void stopped.push(counts))
    host.replace(application)

    expect(await host.shell.stop()).toEqual({ sessions: 0, closed: 0, aborted: 0 })
    expect(stopped.length).toBe(1)
  })
})
