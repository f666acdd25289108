/** `Channel` for users: the sending and the receiving side in one object. */

import { waitingSystemClock } from '../base/internal.ts'
import { BufferedChannel } from './buffered-channel.ts'
import { readChannelOptions } from './channel-options.ts'
import type { ChannelOptions } from './channel-settings.ts'
import type { ReceiveChannel } from './receive-channel.ts'
import type { SendChannel } from './send-channel.ts'

/**
 * A bounded queue between async functions. Values enter by `send` and leave by `receive`, first in,
 * first out, each to one receiver; both calls wait when necessary. Waiting senders are served in
 * the order of their calls. Ktor: `Channel` of kotlinx.coroutines.
 *
 * @example
 * const channel = new Channel<string>({ capacity: 16 })
 * await channel.send('one')
 * channel.close()
 * for await (const value of channel) console.log(value) // one
 */
export interface Channel<T> extends ReceiveChannel<T>, SendChannel<T> {}

/** The constructor of channels. */
export interface ChannelConstructor {
  /**
   * @throws {RangeError} if a numeric option is out of range.
   * @throws {TypeError} if an option has the wrong type, or `maxBytes` is given without `sizeOf`.
   */
  new <T>(options?: ChannelOptions<T>): Channel<T>
  readonly prototype: Channel<unknown>
}

/** See the interface of the same name. */
// The methods for the owner of a channel are left out of the type: they are not for users. A class
// that extends the other would make the engine see two shapes of object where sessions and users
// share the code.
export const Channel: ChannelConstructor = create as unknown as ChannelConstructor // with `new`, it is one
create.prototype = BufferedChannel.prototype

// In real time. A wait keeps the process alive, because nothing else may do so.
const INTERNALS = { owner: null, hooks: { clock: () => waitingSystemClock } }

function create<T>(options: ChannelOptions<T> = {}): Channel<T> {
  if (new.target === undefined) throw new TypeError('Cannot call Channel: expected new Channel()')
  return new BufferedChannel(readChannelOptions(options), INTERNALS)
}
