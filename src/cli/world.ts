/**
 * The outside world of a command: its streams, its time, its network and its signals. The real one
 * is in `process-world.ts`; a test passes its own.
 */

import type { Readable, Writable } from 'node:stream'

import type { Clock } from '../base/index.ts'
import type { ClientPlatform } from '../client/internal.ts'
import type { NodeClientOptions } from '../engines/node/index.ts'
import type { LoadMeter } from './bench/load-meter.ts'

/** What a command may use of its process. */
export interface World {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly isTTY?: boolean }
  readonly stderr: Writable

  /** Its timers keep the process alive. */
  readonly clock: Clock

  /** Makes connections. */
  readonly platform: ClientPlatform<NodeClientOptions>

  /** Measures how busy this thread is. */
  readonly startLoadMeter: () => LoadMeter

  /** Environment variables. */
  readonly variables: Readonly<Record<string, string | undefined>>

  /** Calls `listener` for each interrupt (SIGINT, SIGTERM) until it is disposed of. */
  onInterrupt(listener: () => void): Disposable
}
