/**
 * The inspector's page in a real browser, behind helmet, with 50 000 sessions.
 *
 * `TOWPATH_FRAMES=1` prints how many frames a second the page draws meanwhile.
 */

import helmet from 'helmet'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { type SessionControl, SessionRegistry } from '../../src/application/internal.ts'
import {
  type Application,
  attach,
  createApplication,
  WebSockets,
  type WebSocketServerSession,
} from '../../src/index.ts'
import { Inspector, InspectorOperator } from '../../src/inspector/index.ts'
import { IDLE_CONTROL } from '../support/session-control.ts'

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
const DESKTOP = { width: 1280, height: 860 }
const PHONE = { width: 390, height: 844 }
const SESSIONS = 50_000
const EVIL = '<img src=x onerror="globalThis.wasHacked = true">'

describe('the inspector in Chromium', { timeout: 60_000 }, () => {
  let profile: string
  let context: BrowserContext
  let inspected: Inspected
  /** What went wrong on any page: a refused resource, a script that threw. */
  let complaints: string[]

  beforeAll(async () => {
    profile = await mkdtemp(join(tmpdir(), 'towpath-chromium-'))
    context = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium',
      args: CHROMIUM_ARGS,
      viewport: DESKTOP,
      locale: 'en-GB',
    })
    context.on('weberror', (error) => complaints.push(String(error.error())))
    context.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
  }, 60_000)

  afterAll(async () => {
    await context.close()
    await rm(profile, { recursive: true, force: true })
  })

  beforeEach(async () => {
    complaints = []
    inspected = await serve()
  })

  afterEach(async () => {
    for (const page of context.pages()) {
      if (page.url().startsWith('http')) await page.close()
    }
    await inspected.stop()
  })

  async function open(): Promise<Page> {
    const page = await context.newPage()
    await page.setViewportSize(DESKTOP)
    await page.goto(inspected.url)
    await page.getByRole('status').getByText('Live').waitFor()
    await page.locator('.sessions tbody tr').first().waitFor()
    return page
  }

  it('D-16 the page runs under its policy beside helmet, and shows markup as text', async () => {
    inspected.add(session({ id: EVIL, route: EVIL, remote: EVIL, protocol: EVIL, bytes: 9e9 }))
    const page = await open()
    await page.getByRole('button', { name: 'Bytes', exact: true }).click()
    await page.locator('.sessions tbody tr').first().getByText(EVIL).first().waitFor()

    expect(await page.locator('img').count()).toBe(0)
    expect(await page.evaluate('globalThis.wasHacked')).toBe(undefined)
    expect(await page.locator('canvas').count()).toBe(8)
    expect(complaints).toEqual([])
  })

  it('D-17 shows the first 200 of 50 000 sessions, sorted and filtered by the server', async () => {
    for (let number = 0; number < SESSIONS; number++) inspected.add(session({ number }))
    const page = await open()
    const rows = page.locator('.sessions tbody tr')
    await page.getByText('50,000 · the first 200').waitFor()
    const frames = process.env['TOWPATH_FRAMES'] === '1' ? await framesOf(page) : null
    await page.getByRole('button', { name: 'Bytes', exact: true }).click()
    await rows.first().getByRole('rowheader', { name: 'id-49999' }).waitFor()
    const count = await rows.count()
    await page.getByLabel('Filter by id').fill('10.0.0.7')
    // 10.0.0.7 and 10.0.0.70 to 10.0.0.79: 196 sessions each.
    await page.getByText('2,156 of 50,000 · the first 200').waitFor()

    expect(count).toBe(200)
    expect(complaints).toEqual([])
    if (frames !== null) console.log(`${frames} frames a second with ${SESSIONS} sessions`)
  })

  it('D-19 closes a session by keyboard, after a question', async () => {
    let closed = ''
    const target = session({ id: 'the-one', bytes: 5 })
    const control = { ...IDLE_CONTROL }
    const close = (): void => {
      closed = target.id
      Object.assign(control, { ending: {} })
    }
    Object.assign(target, { close })
    inspected.add(target, control)
    const page = await open()
    await page.getByRole('button', { name: 'Close session the-one' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    const before = closed
    await page.getByRole('button', { name: 'Close session the-one' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Close session', exact: true }).focus()
    await page.keyboard.press('Enter')
    await page.getByText('Session the-one is closing.').waitFor()
    await page.getByRole('button', { name: 'Closing session the-one' }).waitFor()
    const focused = await page.evaluate('document.activeElement?.textContent')
    await page.keyboard.press('Escape')

    expect([before, closed]).toEqual(['', 'the-one'])
    expect(focused).toBe('Closing session the-one')
    expect(await page.locator('.notice').textContent()).toBe('')
    expect(inspected.logged).toMatchObject([{ session: 'the-one', operator: 'ada' }])
    expect(complaints).toEqual([])
  })

  it('keeps the focus on the button of a row that moves, and on the table when the row goes', async () => {
    const [one, two, three] = [
      session({ id: 'one', bytes: 3 }),
      session({ id: 'two', bytes: 2 }),
      session({ id: 'three', bytes: 1 }),
    ] as const
    for (const each of [one, two, three]) inspected.add(each)
    const page = await open()
    // Not every browser has it. Without it, an element that moves loses the focus.
    await page.evaluate('delete Element.prototype.moveBefore')
    await page.getByRole('button', { name: 'Bytes', exact: true }).click()
    const first = page.locator('.sessions tbody tr').first()
    await first.getByRole('rowheader', { name: 'one' }).waitFor()
    await page.getByRole('button', { name: 'Close session two' }).focus()
    const focused: unknown[] = []
    const moves = [
      [two, 10],
      [three, 20],
      [one, 30],
    ] as const
    for (const [moved, incoming] of moves) {
      Object.assign(moved.statistics.bytes, { incoming })
      await first.getByRole('rowheader', { name: moved.id }).waitFor()
      focused.push(await page.evaluate('document.activeElement?.textContent'))
    }
    inspected.remove(two)
    await page.getByRole('rowheader', { name: 'two' }).waitFor({ state: 'detached' })

    expect(focused).toEqual(Array.from({ length: 3 }, () => 'Close session two'))
    expect(await page.evaluate('document.activeElement?.ariaLabel')).toBe('Sessions')
    expect(complaints).toEqual([])
  })

  it('fits a phone in both themes, and its keys work', async () => {
    inspected.add(session({ number: 1 }))
    const page = await open()
    await page.setViewportSize(PHONE)
    const light = await colors(page)
    await page.keyboard.press('t')
    await page.keyboard.press('t')
    await page.getByRole('button', { name: 'Theme: dark' }).waitFor()
    const dark = await colors(page)
    await page.keyboard.press('p')
    await page.getByRole('status').getByText('Paused').waitFor()
    await page.keyboard.press('p')
    await page.keyboard.press('/')
    const type = await page.evaluate('document.activeElement?.type')
    await page.keyboard.type('1')
    await page.keyboard.press('Escape')
    const afterOne = await page.evaluate(
      '[document.activeElement?.type, document.activeElement?.value]',
    )
    await page.keyboard.press('Escape')

    expect(type).toBe('search')
    expect(afterOne).toEqual(['search', ''])
    expect(await page.evaluate('document.activeElement?.tagName')).toBe('BODY')
    expect(light).not.toBe(dark)
    expect(
      await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      ),
    ).toBe(0)
    expect(complaints).toEqual([])
  })

  it('D-15 a page that may not look any longer says so, and does not try again', async () => {
    inspected.add(session({ number: 1 }))
    const page = await open()
    inspected.isAllowed = false
    await page.getByRole('button', { name: 'Close session id-1' }).click()
    await page.getByRole('button', { name: 'Close session', exact: true }).click()

    await page.getByRole('alert').getByText('does not let this page look').waitFor()
    expect(inspected.logged).toEqual([])
  })

  it('comes back after a restart of the server', async () => {
    inspected.add(session({ number: 1 }))
    const page = await open()
    const { port } = new URL(inspected.url)
    await inspected.stop()
    await page.getByRole('status').getByText('Offline').waitFor()
    inspected = await serve(Number(port))
    inspected.add(session({ number: 2 }))

    await page.getByRole('status').getByText('Live').waitFor()
    await page.getByRole('rowheader', { name: 'id-2' }).waitFor()
  })
})

interface Inspected {
  readonly url: string
  readonly add: (session: WebSocketServerSession, control?: SessionControl) => void
  readonly remove: (session: WebSocketServerSession) => void
  /** The facts of the lines that say who closed a session. */
  readonly logged: unknown[]
  readonly stop: () => Promise<void>
  isAllowed: boolean
}

/** A server of its own with helmet in front of everything. */
async function serve(port = 0): Promise<Inspected> {
  const logged: unknown[] = []
  const quiet = (): void => {}
  const warn = (facts: object): void => void logged.push(facts)
  const app = createApplication(undefined, {
    logger: { debug: quiet, info: quiet, warn, error: quiet },
  })
  app.install(WebSockets)
  const { listener } = app.install(Inspector, {
    actions: true,
    authorize: ({ attributes }) => {
      attributes.put(InspectorOperator, 'ada')
      return inspected.isAllowed ? undefined : new Response('no', { status: 401 })
    },
  })
  const protect = helmet()
  const server = createServer((request, response) => {
    protect(request, response, () => listener(request, response))
  })
  attach(app, server)
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const address = server.address() as AddressInfo // it listens on TCP
  const inspected: Inspected = {
    url: `http://127.0.0.1:${address.port}/towpath`,
    add: (each, control = IDLE_CONTROL) => registryOf(app).add(each, control),
    remove: (each) => registryOf(app).delete(each),
    logged,
    stop: () => stop(app, server),
    isAllowed: true,
  }
  return inspected
}

async function stop(app: Application, server: Server): Promise<void> {
  for (const each of app.sessions) registryOf(app).delete(each)
  await app.stop({ grace: 0 })
  server.close()
  server.closeAllConnections()
}

function registryOf({ sessions }: Application): SessionRegistry {
  if (sessions instanceof SessionRegistry) return sessions
  throw new TypeError('the application has another registry')
}

interface SessionChanges {
  readonly number?: number
  readonly id?: string
  readonly route?: string
  readonly remote?: string
  readonly protocol?: string
  readonly bytes?: number
}

/** A session as far as the inspector sees it: 50 000 real ones would take most of the memory. */
function session(changes: SessionChanges): WebSocketServerSession {
  const { number = 0, id = `id-${number}`, route = '/rooms/:room', bytes = number } = changes
  const { remote = `10.0.0.${number % 256}`, protocol = null } = changes
  const none = { frames: 0, bytes: 0 }
  const facts = {
    id,
    route,
    protocol,
    call: { request: { origin: { remoteHost: remote } } },
    statistics: {
      openedAt: 0,
      lastReceivedAt: 0,
      messages: { incoming: number, outgoing: 0 },
      bytes: { incoming: bytes, outgoing: 0 },
      queued: { incoming: none, outgoing: none },
    },
    close: () => Promise.resolve(),
    terminate: () => {},
  }
  return facts as unknown as WebSocketServerSession // nothing else is used
}

async function colors(page: Page): Promise<unknown> {
  return page.evaluate('getComputedStyle(document.body).backgroundColor')
}

/** Counts what the page draws in three seconds. */
async function framesOf(page: Page): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    let frames = 0
    const start = performance.now()
    const draw = (now) => {
      frames++
      if (now - start < 3000) requestAnimationFrame(draw)
      else resolve(Math.round((frames * 1000) / (now - start)))
    }
    requestAnimationFrame(draw)
  })`)
}
