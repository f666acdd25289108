/**
 * Firefox without a window, driven over WebDriver BiDi (https://w3c.github.io/webdriver-bidi/).
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { Frame } from '../../src/index.ts'
import { openWebSocket, type WebSocketClientSession } from '../../src/node-client.ts'

export const FIREFOX = '/usr/bin/firefox-esr'

/** Without the first two, a new profile shows its terms of use instead of a page. */
const PREFERENCES = {
  'termsofuse.acceptedVersion': 999,
  'termsofuse.bypassNotification': true,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.normandy.enabled': false,
  'network.captive-portal-service.enabled': false,
}

/** An answer of Firefox to a command. */
interface Answer {
  readonly id?: number
  readonly type: string
  readonly message?: string
  readonly result?: Readonly<Record<string, unknown>>
}

/** One browser with one tab. */
export class Firefox implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #profile: string
  readonly #session: WebSocketClientSession
  #commands = 0
  #context = ''

  private constructor(process: ChildProcess, profile: string, session: WebSocketClientSession) {
    this.#process = process
    this.#profile = profile
    this.#session = session
  }

  /** Starts Firefox, which accepts every certificate. */
  static async start(): Promise<Firefox> {
    const profile = await mkdtemp(join(tmpdir(), 'towpath-firefox-'))
    const lines = Object.entries(PREFERENCES).map(
      ([name, value]) => `user_pref("${name}", ${value});`,
    )
    await writeFile(join(profile, 'user.js'), lines.join('\n'))
    const child = spawn(
      FIREFOX,
      ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        // The sandbox of Firefox does not work in every container.
        env: { ...process.env, HOME: profile, MOZ_DISABLE_CONTENT_SANDBOX: '1' },
      },
    )
    const url = await addressOf(child)
    const session = await openWebSocket(`${url}/session`, { maxMessageSize: 16 * 1024 * 1024 })
    const firefox = new Firefox(child, profile, session)
    const capabilities = { alwaysMatch: { acceptInsecureCerts: true } }
    await firefox.#call('session.new', { capabilities })
    const { contexts } = await firefox.#call('browsingContext.getTree', {})
    const [first] = contexts as ReadonlyArray<{ readonly context: string }>
    firefox.#context = first?.context ?? ''
    return firefox
  }

  /** Shows the page at `url`. */
  async goto(url: string): Promise<void> {
    await this.#call('browsingContext.navigate', { context: this.#context, url, wait: 'complete' })
  }

  /** Resolves with what the promise of `expression` resolves with in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result } = await this.#call('script.evaluate', {
      expression: `(async () => JSON.stringify(await (${expression})) ?? 'null')()`,
      target: { context: this.#context },
      awaitPromise: true,
    })
    return JSON.parse((result as { readonly value: string }).value) // a string, by the line above
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#process, 'exit')
    await this.#call('browser.close', {})
    await exited
    this.#session.terminate()
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }

  async #call(method: string, params: object): Promise<Readonly<Record<string, unknown>>> {
    this.#commands += 1
    const id = this.#commands
    await this.#session.send(JSON.stringify({ id, method, params }))
    for (;;) {
      const frame = await this.#session.incoming.receive()
      if (!(frame instanceof Frame.Text)) continue
      const answer = JSON.parse(frame.readText()) as Answer
      // Events have no id.
      if (answer.id !== id) continue
      if (answer.type !== 'error') return answer.result ?? {}
      throw new Error(`Cannot drive Firefox: ${method} failed, ${answer.message}`)
    }
  }
}

/** Resolves with the address that Firefox listens on for commands. */
async function addressOf({ stderr }: ChildProcess): Promise<string> {
  if (stderr === null) throw new Error('Cannot drive Firefox: it has no stderr')
  const lines = createInterface({ input: stderr })
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const found = /listening on (ws:.*)/.exec(line)?.[1]
      // Later lines are read too, so that Firefox never waits.
      if (found !== undefined) resolve(found)
    })
    lines.on('close', () => reject(new Error('Cannot drive Firefox: it did not start')))
  })
}
