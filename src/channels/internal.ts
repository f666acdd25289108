/**
 * The names of channels for other folders, beside `index.ts`: the methods of a channel that are for
 * its owner.
 */

export { BufferedChannel, SENT } from './buffered-channel.ts'
export type { ChannelHooks, ChannelInternals } from './channel-hooks.ts'
export { ChannelSettings, OVERFLOW_POLICIES } from './channel-settings.ts'
export { toCause } from './errors.ts'
export { JoinedChannel } from './receiving/joined-channel.ts'
export { coreOf, NOTHING } from './receiving/receive-core.ts'
export type { Nothing } from './receiving/receive-core.ts'
export { writableOf } from './streams.ts'
