/**
 * Programs of engines for tests: on free ports, in folders of their own, and killed for real.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const FOLDERS = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin', '/usr/local/sbin']

/** Of what an engine has printed last, for the error of one that ends by itself. */
const OUTPUT_CHARACTERS = 8000

/**
 * Where `program` is; `null` when it is not installed, which skips tests.
 *
 * @throws where `TOWPATH_ENGINES=required`, which `.ci/run` sets: there a skip would hide that
 *   nothing was tested.
 */
export function findProgram(program: string): string | null {
  for (const folder of [...(process.env['PATH'] ?? '').split(':'), ...FOLDERS]) {
    const path = join(folder, program)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not here.
    }
  }
  if (process.env['TOWPATH_ENGINES'] === 'required') {
    throw new Error(`Cannot test: ${program} is not installed, and TOWPATH_ENGINES is "required"`)
  }
  return null
}

/** A folder that ends with the test. */
export class TemporaryFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'towpath-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** One engine that may be killed and started again. */
export class EngineProcess {
  readonly port: number
  readonly #program: string
  readonly #args: readonly string[]
  #child: ChildProcess | null = null

  constructor(program: string, args: readonly string[], port: number) {
    this.#program = program
    this.#args = args
    this.port = port
  }

  /**
   * Resolves when the engine accepts connections. An engine that ends by itself fails the
   * run, by an exception that is not caught: its tests would wait for it in vain.
   */
  async start(): Promise<void> {
    const child = spawn(this.#program, this.#args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = `${output}${text}`.slice(-OUTPUT_CHARACTERS)
      })
    }
    // 'close' comes when all output has been read.
    child.on('close', (code, signal) => {
      if (this.#child !== child) return
      const end = code === null ? String(signal) : String(code)
      throw new Error(`Cannot test with ${this.#program}: it ended by itself (${end}):\n${output}`)
    })
    const ended = once(child, 'close').then(() => true)
    while (!(await Promise.race([accepts(this.port), ended])));
  }

  /** SIGKILL: no engine can prepare for it. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }
}

/** Whether something accepts connections at `port`; takes some milliseconds when nothing does. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => setTimeout(() => resolve(false), 20))
  })
}
