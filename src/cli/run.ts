/**
 * Runs one command of the command line.
 */

import { readFileSync } from 'node:fs'

import { helpOf, quoted, readArguments } from './arguments.ts'
import type { Command } from './command.ts'
import { benchCommand } from './bench/bench-command.ts'
import { checkCommand } from './check/check-command.ts'
import { connectCommand } from './connect/connect-command.ts'
import { listenCommand } from './listen/listen-command.ts'
import { probeCommand } from './probe/probe-command.ts'
import { ExitCode, failureOf, UsageError } from './exit-code.ts'
import { OutputWatch } from './outlet.ts'
import type { World } from './world.ts'

const COMMANDS: readonly Command[] = [
  connectCommand,
  listenCommand,
  probeCommand,
  benchCommand,
  checkCommand,
]

/**
 * Runs a command to its end.
 *
 * @param args the arguments behind the name of the program.
 * @returns the exit code. Errors of the user, the network and the peer are printed to standard
 *   error as one sentence.
 * @throws (by rejecting) errors of the command itself.
 */
export async function run(args: readonly string[], world: World): Promise<number> {
  using output = new OutputWatch(world.stdout)
  const exitCode = await exitCodeOf(args, world)
  // Another exit code says more. A command that was interrupted does not wait for its reader.
  const failure = exitCode === ExitCode.OK ? await output.flush() : null
  if (failure === null) return exitCode
  world.stderr.write(`towpath: ${failure}\n`)
  return ExitCode.USAGE
}

async function exitCodeOf(args: readonly string[], world: World): Promise<number> {
  try {
    return await dispatch(args, world)
  } catch (error) {
    const failure = failureOf(error)
    if (failure === null) throw error
    if (failure.message !== '') world.stderr.write(`towpath: ${failure.message}\n`)
    return failure.exitCode
  }
}

async function dispatch(args: readonly string[], world: World): Promise<number> {
  const [name = '--help', ...rest] = args
  if (name === '--version' || name === '-v') {
    world.stdout.write(`${packageVersion()}\n`)
    return ExitCode.OK
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    world.stdout.write(overview())
    return ExitCode.OK
  }
  const command = COMMANDS.find(({ spec }) => spec.name === name)
  if (command === undefined) {
    const names = COMMANDS.map(({ spec }) => spec.name).join(', ')
    throw new UsageError(`Cannot run ${quoted(name)}: unknown command, expected ${names}`)
  }
  const read = readArguments(command.spec, rest)
  if (read !== 'help') return command.run(read, world)
  world.stdout.write(helpOf(command.spec))
  return ExitCode.OK
}

function overview(): string {
  const rows = COMMANDS.map(({ spec }) => {
    return `  ${`${spec.name} ${spec.operands}`.padEnd(20)}${spec.summary}`
  })
  return [
    'Usage: towpath COMMAND [options]',
    '',
    ...rows,
    '',
    'towpath COMMAND --help lists the options. Exit codes: 0 closed as agreed, 1 usage,',
    '2 no connection, 3 refused, 4 closed otherwise, 5 an expectation failed, 124 timeout,',
    '130 interrupted.',
    '',
  ].join('\n')
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { readonly version: string } // our own file
  return version
}
