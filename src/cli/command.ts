/**
 * A command of the command line.
 */

import type { Arguments, CommandSpec } from './arguments.ts'
import type { World } from './world.ts'

/** One command. */
export interface Command {
  readonly spec: CommandSpec

  /**
   * Runs to the end.
   *
   * @returns the exit code.
   * @throws (by rejecting) an error that `failureOf` explains.
   */
  readonly run: (args: Arguments, world: World) => Promise<number>
}
