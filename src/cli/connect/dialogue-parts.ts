/**
 * The parts of a dialogue, which `connect` puts together.
 */

import type { WebSocketClient } from '../../client/index.ts'
import type { NodeClientOptions } from '../../engines/node/index.ts'
import type { CommandLimits } from '../command-limits.ts'
import type { World } from '../world.ts'
import type { ConnectSettings } from './connect-options.ts'
import type { Prompt } from './prompt.ts'
import type { Screen } from './screen.ts'
import type { WireLog } from './wire-log.ts'

/** What a dialogue needs. */
export interface DialogueParts {
  readonly client: WebSocketClient<NodeClientOptions>
  readonly url: string
  readonly settings: ConnectSettings
  readonly world: World
  readonly limits: CommandLimits
  readonly screen: Screen
  readonly log: WireLog
  /** `null` in a pipe. */
  readonly prompt: Prompt | null
}
