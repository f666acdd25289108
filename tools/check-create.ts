/**
 * Checks what `npm create towpath` makes: packs `create-towpath` and the library, installs both as
 * a user would, makes a project of each template, and compiles, tests, starts and stops it.
 *
 * The projects are in `build/create/` and share one installation: what they have in common with
 * this repository is found in its `node_modules`. `test/create-towpath/templates.test.ts` checks
 * that they ask for the same versions. Run `npm run build` first. Arguments are names of templates:
 * all without one.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { type EventEmitter, once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { runTool } from './run-tool.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDER = join(ROOT, 'build', 'create')

/** What a client of each template says first, if anything, and the subprotocol it needs. */
const TEMPLATES: Readonly<Record<string, Conversation>> = {
  minimal: { path: '/echo', say: 'hello', answer: 'YOU SAID hello' },
  chat: { path: '/topics', protocol: 'v1.json.topics.towpath' },
  typed: { path: '/chat', protocol: 'chat.1+json' },
  fastify: { path: '/rooms/blue', say: 'hello', answer: 'blue: hello' },
}

interface Conversation {
  readonly path: string
  readonly protocol?: string
  readonly say?: string
  readonly answer?: string
}

async function main(): Promise<void> {
  if (!existsSync(join(ROOT, 'dist'))) {
    throw new Error('Cannot check create-towpath: no build found, expected "npm run build" before')
  }
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, 'package.json'), '{ "name": "create", "private": true }\n')
  // Without it, Vitest would find the configuration of this repository, and test its sources.
  writeFileSync(join(FOLDER, 'vitest.config.mjs'), 'export default {}\n')
  const { devDependencies } = JSON.parse(
    readFileSync(join(ROOT, 'test', 'mounts', 'package.json'), 'utf8'),
  ) as { devDependencies: Record<string, string> } // our own file
  const packages = [pack(ROOT), pack(join(ROOT, 'create-towpath'))]
  packages.push(`fastify@${devDependencies['fastify']}`)
  const options = ['--ignore-scripts', '--no-package-lock', '--prefer-offline', '--loglevel=error']
  run('npm', ['install', ...options, ...packages])
  // Two at a time: CI has two processors.
  const wanted = process.argv.slice(2)
  const names = wanted.length > 0 ? wanted : Object.keys(TEMPLATES)
  await Promise.all([checkAll(names.slice(0, 2)), checkAll(names.slice(2))])
}

async function checkAll(names: readonly string[]): Promise<void> {
  for (const name of names) await check(name)
}

async function check(template: string): Promise<void> {
  const program = join('node_modules', 'create-towpath', 'index.mjs')
  run(process.execPath, [program, template, '--template', template, '--yes'])
  const folder = join(FOLDER, template)
  for (const script of ['check', 'build', 'test']) await runScript(folder, script)

  const server = spawn(process.execPath, ['dist/server.js'], {
    cwd: folder,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await converse(server, template)
  } finally {
    server.kill('SIGKILL')
  }
  console.log(`${template}: made, compiled, tested, started and stopped`)
}

/** Talks to the server and stops it as Kubernetes does. */
async function converse(server: ChildProcess, template: string): Promise<void> {
  const { path, protocol, say, answer } = conversationOf(template)
  const address = await readAddress(server, template)
  for (const probe of ['live', 'ready']) {
    const { status } = await fetch(new URL(`/${probe}`, address.href.replace('ws:', 'http:')))
    expectEqual(status, 200, `the status of /${probe} of ${template}`)
  }
  const socket = new WebSocket(new URL(path, address.href.replace('http:', 'ws:')), protocol)
  await once(socket, 'open')
  if (say !== undefined) {
    socket.send(say)
    expectEqual(String(await first(socket, 'message')), answer, `the answer of ${template}`)
  }
  if (template === 'typed') await useTerminalClient(new URL(path, address))
  const closed = first(socket, 'close')
  const exited = first(server, 'exit')
  server.kill('SIGTERM')
  expectEqual(await closed, 1001, `the close code of ${template}`)
  expectEqual(await exited, 0, `the exit code of ${template}`)
}

/** Uses the terminal client of `typed`: it reports an invalid line, and sends the next one. */
async function useTerminalClient(url: URL): Promise<void> {
  const client = spawn(process.execPath, ['dist/client.js', 'ada'], {
    cwd: join(FOLDER, 'typed'),
    env: { ...process.env, URL: url.href },
    stdio: 'pipe',
    // It ends by itself in a second, or not at all.
    timeout: 60_000,
  })
  const errors = text(client.stderr)
  const exited = first(client, 'exit')
  for await (const line of createInterface({ input: client.stdout })) {
    if (line.includes('you are ada')) client.stdin.write('\nhello\n')
    if (line === 'ada: hello') client.stdin.end()
  }
  expectEqual(await exited, 0, 'the exit code of the client of typed')
  const report = (await errors).split(':')[0]
  expectEqual(report, '· cannot say that', 'what the client of typed reports')
}

/** Resolves with the first argument of the next event. */
async function first(emitter: EventEmitter, event: string): Promise<unknown> {
  const facts: unknown[] = await once(emitter, event)
  return facts[0]
}

function conversationOf(template: string): Conversation {
  const conversation = TEMPLATES[template]
  if (conversation === undefined) throw new TypeError(`Cannot check ${template}: it is unknown`)
  return conversation
}

function readAddress(server: ChildProcess, template: string): Promise<URL> {
  return new Promise((resolve, reject) => {
    let output = ''
    server.stdout?.on('data', (chunk) => {
      output += String(chunk)
      const [, address] = /Listening on (\S+)\n/.exec(output) ?? []
      if (address !== undefined) resolve(new URL(address))
    })
    server.once('exit', () => {
      reject(new Error(`Cannot find where ${template} listens, expected an address in: ${output}`))
    })
  })
}

function pack(folder: string): string {
  const output = execFileSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', FOLDER],
    { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  )
  // The output of npm itself.
  const [report] = JSON.parse(output) as Array<{ filename: string }>
  if (report === undefined) throw new Error('Cannot read what npm packed: it reported nothing')
  return join(FOLDER, report.filename)
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Runs a script of a project. What it prints is shown if it fails. */
async function runScript(cwd: string, script: string): Promise<void> {
  const child = spawn('npm', ['run', '--silent', script], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  const exitCode = await first(child, 'close')
  if (exitCode === 0) return
  console.error((await output).join(''))
  throw new Error(`Cannot accept ${cwd}: npm run ${script} ended with ${String(exitCode)}`)
}

function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (actual === expected) return
  throw new Error(`Cannot accept ${what}: it is ${String(actual)}, expected ${String(expected)}`)
}

await runTool(main)
