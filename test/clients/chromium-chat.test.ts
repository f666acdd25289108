/**
 * The pages of the examples in a real browser: two people in one room, a restart of the server
 * between, and the echo.
 *
 * `TOWPATH_SCREENSHOT=1` keeps the picture of the chat as `docs/chat.png`.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startExamples } from '../examples/examples-process.ts'
import type { ExamplesProcess } from '../examples/examples-process.ts'

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
const SCREENSHOT = fileURLToPath(new URL('../../docs/chat.png', import.meta.url))
const DESKTOP = { width: 1120, height: 720 }
const PHONE = { width: 390, height: 780 }

describe('the examples in Chromium', { timeout: 60_000 }, () => {
  let profile: string
  let context: BrowserContext
  let examples: ExamplesProcess
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
    examples = await serve('0')
  })

  afterEach(async () => {
    for (const page of context.pages()) {
      if (page.url().startsWith('http')) await page.close()
    }
    await examples.stop('SIGTERM')
  })

  async function open(path: string): Promise<Page> {
    const page = await context.newPage()
    await page.goto(new URL(path, examples.url).href)
    return page
  }

  async function enter(name: string, room: string): Promise<Page> {
    const page = await open('chat/')
    await page.getByLabel('Your name').fill(name)
    await page.getByLabel('Room', { exact: true }).fill(room)
    await page.getByRole('button', { name: 'Join the room' }).click()
    await shows(page, 'Connected')
    await page.locator('.person', { hasText: name }).waitFor()
    return page
  }

  async function say(page: Page, text: string): Promise<void> {
    await page.getByLabel('Message', { exact: true }).fill(text)
    await page.getByLabel('Message', { exact: true }).press('Enter')
  }

  /** The last two pages of a room, where both have talked. */
  async function enterBoth(room: string): Promise<[Page, Page]> {
    const ada = await enter('Ada', room)
    const grace = await enter('Grace', room)
    await line(ada, 'Grace joined')
    return [ada, grace]
  }

  it('two people in one room see each other come, talk and leave', async () => {
    const [ada, grace] = await enterBoth('lobby')
    expect(await people(ada)).toEqual(['Ada', 'Grace'])
    expect(await people(grace)).toEqual(['Ada', 'Grace'])

    await say(ada, 'Is the lock open?')
    await message(grace, 'Is the lock open?')
    await say(grace, '<b>Yes</b>, since eight & free')
    await message(ada, '<b>Yes</b>, since eight & free')
    expect(await ada.locator('.bubble b').count()).toBe(0)
    expect(await ada.locator('.message.own .bubble').allTextContents()).toEqual([
      'Is the lock open?',
    ])
    expect(await grace.locator('.message:not(.own) .bubble').allTextContents()).toEqual([
      'Is the lock open?',
    ])

    await grace.getByRole('button', { name: 'Leave' }).click()
    await line(ada, 'Grace left')
    expect(await people(ada)).toEqual(['Ada'])
    expect(complaints).toEqual([])
  })

  it('rooms are apart, and a newcomer reads what was said before', async () => {
    const ada = await enter('Ada', 'coal')
    const other = await enter('Grace', 'timber')
    for (const text of ['one', 'two', 'three']) await say(ada, text)
    await message(ada, 'three')

    const bo = await enter('Bo', 'coal')

    await message(bo, 'three')
    expect(await bo.locator('.bubble').allTextContents()).toEqual(['one', 'two', 'three'])
    expect(await other.locator('.bubble').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it('a name that somebody has is refused with a sentence', async () => {
    await enter('Ada', 'lobby')
    const page = await open('chat/')

    await page.getByLabel('Your name').fill('ADA')
    await page.getByLabel('Room', { exact: true }).fill('lobby')
    await page.getByRole('button', { name: 'Join the room' }).click()

    await page.getByRole('alert').getByText('Somebody in this room is called ADA').waitFor()
  })

  it('both pages come back after a restart, with what was written meanwhile, once', async () => {
    const [ada, grace] = await enterBoth('lobby')
    await say(ada, 'Before')
    await message(grace, 'Before')

    const { exitCode } = await examples.stop('SIGTERM')
    await shows(ada, 'Offline')
    await shows(grace, 'Offline')
    await say(grace, 'Meanwhile')
    await grace.locator('.message.waiting', { hasText: 'Meanwhile' }).waitFor()
    examples = await serve(new URL(examples.url).port)
    await shows(ada, 'Connected')
    await shows(grace, 'Connected')
    await message(ada, 'Meanwhile')
    await say(ada, 'After')
    await message(grace, 'After')

    expect(exitCode).toBe(0)
    await ada.getByText('The server started anew').waitFor()
    expect(await ada.locator('.bubble').allTextContents()).toEqual(['Before', 'Meanwhile', 'After'])
    expect(await grace.locator('.bubble').allTextContents()).toEqual([
      'Before',
      'Meanwhile',
      'After',
    ])
    await ada.locator('.person', { hasText: 'Grace' }).waitFor()
    await grace.locator('.person', { hasText: 'Ada' }).waitFor()
  })

  it('a reload comes back into the room under the same name', async () => {
    const ada = await enter('Ada', 'lobby')
    await say(ada, 'Still here')
    await message(ada, 'Still here')

    await ada.reload()

    await shows(ada, 'Connected')
    await message(ada, 'Still here')
    expect(await people(ada)).toEqual(['Ada'])
  })

  it('messages beyond the end are counted until they are read', async () => {
    const [ada, grace] = await enterBoth('lobby')
    for (let n = 1; n <= 20; n += 1) await say(ada, `Message ${n}`)
    await message(grace, 'Message 20')
    await grace.locator('.message').first().scrollIntoViewIfNeeded()

    await say(ada, 'And one more')

    const unread = grace.getByRole('button', { name: '1 new message' })
    await unread.waitFor()
    expect(await grace.title()).toBe('(1) #lobby · Towpath chat')
    await unread.click()
    await unread.waitFor({ state: 'hidden' })
    expect(await grace.title()).toBe('#lobby · Towpath chat')
  })

  it('the chat fits a phone, and its side opens and shuts', async () => {
    const ada = await enter('Ada', 'lobby')
    await ada.setViewportSize(PHONE)

    expect(await overflow(ada)).toBe(0)
    const side = ada.getByRole('complementary', { name: 'Rooms and people' })
    await side.waitFor({ state: 'hidden' })
    await ada.getByRole('button', { name: 'Rooms and people' }).click()
    await side.waitFor()
    await ada.keyboard.press('Escape')
    await side.waitFor({ state: 'hidden' })
  })

  it('the page of tasks asks, streams, and shows the events of another page', async () => {
    const first = await open('contract/')
    await shows(first, 'Connected')
    await addTask(first, 'Open lock 9')
    await sees(first, 'response', 'add {"id":1,"title":"Open lock 9","done":false}')

    const second = await open('contract/')
    await sees(second, 'item', 'all {"id":1,"title":"Open lock 9","done":false}')
    await addTask(second, '<b>Fill</b> lock 3')
    await sees(first, 'event', 'changed {"id":2,"title":"<b>Fill</b> lock 3","done":false}')
    await first.getByRole('button', { name: 'Finish task 2' }).click()

    await second.locator('.task.done', { hasText: 'lock 3' }).waitFor()
    for (const page of [first, second]) {
      expect(await page.locator('.task .title').allTextContents()).toEqual([
        'Open lock 9',
        '<b>Fill</b> lock 3',
      ])
      expect(await page.locator('.task.done').count()).toBe(1)
    }
    expect(complaints).toEqual([])
  })

  it('the page of tasks shows failures, and connects again after a restart', async () => {
    const page = await open('contract/')
    await shows(page, 'Connected')
    await page.setViewportSize(PHONE)
    expect(await overflow(page)).toBe(0)

    await addTask(page, ' ')
    await page.getByRole('alert').getByText('A task has a title').waitFor()
    await page.getByRole('button', { name: 'Finish a task that is not there' }).click()
    await page.getByRole('alert').getByText('There is no task 0.').waitFor()
    await sees(page, 'failure', 'finish: NO_SUCH_TASK {"id":0}')

    await examples.stop('SIGTERM')
    await shows(page, 'Closed')
    examples = await serve(new URL(examples.url).port)
    await page.getByRole('button', { name: 'Connect again' }).click()
    await shows(page, 'Connected')
    await page.getByText('There are no tasks yet.').waitFor()
  })

  it('the echo page shows texts, bytes and the goodbye', async () => {
    const page = await open('echo/')
    await shows(page, 'Connected')

    await page.getByLabel('Text', { exact: true }).fill('Hello')
    await page.getByRole('button', { name: 'Send text' }).click()
    await received(page, 'YOU SAID: Hello')
    await page.getByLabel('Bytes, in hexadecimal').fill('00 ff 7f')
    await page.locator('#send-bytes button').click()
    await received(page, '00 ff 7f')
    await page.getByLabel('Random bytes').selectOption('1048576')
    await page.locator('#send-many button').click()
    await page.locator('.frame.received', { hasText: '1,048,576 bytes' }).waitFor()
    await page.getByLabel('Text', { exact: true }).fill('BYE')
    await page.getByRole('button', { name: 'Send text' }).click()

    await received(page, '1000 “Client said BYE” · clean')
    await shows(page, 'Closed')
    expect(await page.locator('.frame.received .payload').first().textContent()).toBe(
      'YOU SAID: Hello',
    )
    expect(complaints).toEqual([])
  })

  it('the echo page closes with a code and a reason, and connects again', async () => {
    const page = await open('echo/')
    await shows(page, 'Connected')
    await page.setViewportSize(PHONE)
    expect(await overflow(page)).toBe(0)

    await page.getByLabel('Close code').selectOption('4999')
    await page.getByLabel('Close reason').fill('enough')
    await page.getByRole('button', { name: 'Close', exact: true }).click()

    await received(page, '4999 · clean')
    await page.getByRole('button', { name: 'Connect' }).click()
    await shows(page, 'Connected')
  })

  it.runIf(process.env['TOWPATH_SCREENSHOT'] === '1')(
    'the picture for the documentation',
    async () => {
      const [ada, grace] = await enterBoth('canal-boats')
      await say(grace, 'Morning! Is the lock at Bath open today?')
      await message(ada, 'Morning!')
      const tomas = await enter('Tomás', 'canal-boats')
      await say(tomas, 'It is, since eight. The water is high, so they let us through one by one.')
      await message(ada, 'It is, since eight.')
      await say(
        ada,
        'Good to know. I leave at ten, with the coal.\nDoes anyone want to share the tow?',
      )
      await message(grace, 'Good to know.')
      await say(grace, 'I do. Two boats behind you, past the mill.')
      await message(ada, 'I do.')
      const bo = await enter('Bo', 'canal-boats')
      await line(ada, 'Bo joined')
      await say(bo, 'One horse or two?')
      await message(ada, 'One horse or two?')

      await ada.bringToFront()
      await ada.screenshot({ path: SCREENSHOT })
    },
  )
})

async function serve(port: string): Promise<ExamplesProcess> {
  const examples = await startExamples({ PORT: port, HOST: '127.0.0.1' })
  if (examples.line === null) throw new Error((await examples.ending).stderr)
  return examples
}

async function shows(page: Page, state: string): Promise<void> {
  await page.getByRole('status').getByText(state).waitFor()
}

async function message(page: Page, text: string): Promise<void> {
  await page.locator('.message:not(.waiting) .bubble', { hasText: text }).waitFor()
}

async function line(page: Page, text: string): Promise<void> {
  await page.locator('.line', { hasText: text }).waitFor()
}

async function addTask(page: Page, title: string): Promise<void> {
  await page.getByLabel('New task').fill(title)
  await page.getByRole('button', { name: 'Add', exact: true }).click()
}

async function sees(page: Page, kind: string, text: string): Promise<void> {
  await page.locator(`.messages .${kind}`, { hasText: text }).waitFor()
}

async function received(page: Page, text: string): Promise<void> {
  await page.locator('.frame.received .payload', { hasText: text }).first().waitFor()
}

async function people(page: Page): Promise<string[]> {
  return await page.locator('.person bdi').allTextContents()
}

/** How far the page is wider than its window, in CSS pixels. */
async function overflow(page: Page): Promise<number> {
  return await page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
}
