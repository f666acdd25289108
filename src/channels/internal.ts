/**
 * What sessions use of channels, beside `index.ts`: the side of a channel that only its owner sees.
 */

export { BufferedChannel } from './buffered-channel.ts'
export type { ChannelHooks, ChannelInternals } from './buffered-channel.ts'
export { ChannelSettings, OVERFLOW_POLICIES } from './channel-settings.ts'
export { toCause } from './errors.ts'
export { JoinedChannel } from './joined-channel.ts'
export { coreOf, NOTHING } from './receiving.ts'
export type { Nothing } from './receiving.ts'
export { writableOf } from './streams.ts'
