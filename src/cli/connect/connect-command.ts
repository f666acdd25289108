/**
 * `towpath connect`: talks to a server, on a terminal or in a pipe.
 */

import { homedir } from 'node:os'
import { join } from 'node:path'

import { createClient } from '../../client/internal.ts'
import type { Command } from '../command.ts'
import { CommandLimits } from '../command-limits.ts'
import { Outlet } from '../outlet.ts'
import { readTargetOptions, readUrl } from '../wire/target-options.ts'
import { tappedPlatform } from '../wire/tapped-platform.ts'
import type { World } from '../world.ts'
import { CONNECT_SPEC, type ConnectSettings, readConnectSettings } from './connect-options.ts'
import { Dialogue } from './dialogue.ts'
import { Prompt } from './prompt.ts'
import { PipeScreen } from './screen.ts'
import { TopicsDialogue } from './topics-dialogue.ts'
import { WireLog } from './wire-log.ts'

/** How long a server may take to answer a Close frame, in milliseconds. */
const CLOSE_TIMEOUT_MS = 3000

/** The command. */
export const connectCommand: Command = {
  spec: CONNECT_SPEC,
  async run(args, world) {
    const [operand = ''] = args.operands
    const url = readUrl(operand)
    const settings = readConnectSettings(args)
    const target = readTargetOptions(args, url)
    using limits = new CommandLimits(world, settings.timeout)
    using outlet = new Outlet(world.stdout, limits)
    const prompt = isInteractive(world)
      ? new Prompt(world, historyFile(settings, world), () => limits.interrupt())
      : null
    const screen = prompt ?? new PipeScreen(outlet, notesOf(settings, world))
    const log = new WireLog(world.clock, (line) => screen.note(line))
    const client = createClient(tappedPlatform(world.platform, log), {
      ...target,
      closeTimeout: CLOSE_TIMEOUT_MS,
      maxMessageSize: settings.maxMessageBytes,
      pingPeriod: settings.pingPeriod === null ? null : { milliseconds: settings.pingPeriod },
      signal: limits.signal,
    })
    const parts = { client, url, settings, world, limits, screen, log, prompt }
    try {
      const dialogue = settings.topics.length > 0 ? new TopicsDialogue(parts) : new Dialogue(parts)
      return await dialogue.run()
    } catch (error) {
      throw limits.end ?? error
    } finally {
      prompt?.[Symbol.dispose]()
      world.stdin.destroy()
    }
  },
}

function isInteractive({ stdin, stdout }: World): boolean {
  return stdin.isTTY === true && stdout.isTTY === true
}

function notesOf(
  { isVerbose }: ConnectSettings,
  { stderr }: World,
): ((line: string) => void) | null {
  return isVerbose ? (line) => void stderr.write(`${line}\n`) : null
}

function historyFile({ history }: ConnectSettings, { variables }: World): string | null {
  if (history === '') return null
  return history ?? variables['TOWPATH_HISTORY'] ?? join(homedir(), '.towpath_history')
}
