/**
 * The browser page of the examples in Chromium, which loads the library unbundled: the server goes
 * at the page's pace.
 */

import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ExamplesProcess, startExamples } from '../examples/examples-process.ts'

/** As root, without a network beyond this machine. */
const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const BUILT = fileURLToPath(new URL('../../dist/browser-client.js', import.meta.url))

describe.skipIf(!existsSync(BUILT))('the browser page of the examples', () => {
  let profile: string
  let context: BrowserContext
  let examples: ExamplesProcess
  let page: Page

  beforeAll(async () => {
    profile = await mkdtemp(join(tmpdir(), 'towpath-chromium-'))
    context = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium',
      args: CHROMIUM_ARGS,
    })
    examples = await startExamples({ PORT: '0' })
    page = await context.newPage()
    await page.goto(new URL('browser-page/', examples.url).href)
  }, 60_000)

  afterAll(async () => {
    await context.close()
    await examples.stop('SIGTERM')
    await rm(profile, { recursive: true, force: true })
  })

  it('reads over WebSocketStream for as long as it likes', async () => {
    await page.getByRole('button', { name: 'Read by WebSocketStream' }).click()
    await page.locator('#read', { hasText: /^[5-9]\d/ }).waitFor()
    expect(await page.locator('#state').textContent()).toBe('Reading')
    await page.getByRole('button', { name: 'Stop' }).click()

    await page.locator('#state').getByText('Stopped').waitFor()
  })

  it('is failed over WebSocket when it does not keep up', async () => {
    await page.getByRole('button', { name: 'Read by WebSocket', exact: true }).click()

    await page.locator('#state').getByText('Cannot send: the channel of capacity').waitFor()
  })
})
