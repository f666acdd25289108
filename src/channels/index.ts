/** `towpath/channels`: queues between async functions, with backpressure. */

export { Channel } from './channel.ts'
export type { ChannelConstructor } from './channel.ts'
export type { ChannelOptions, OverflowPolicy } from './channel-settings.ts'
export {
  ChannelOverflowError,
  ClosedReceiveChannelError,
  ClosedSendChannelError,
  ReceiveTimeoutError,
} from './errors.ts'
export type {
  ReceiveChannel,
  ReceivedEnd,
  ReceivedValue,
  ReceiveOptions,
  ReceiveResult,
  TryReceiveResult,
} from './receive-channel.ts'
export type { SendChannel, SendOptions, TrySendResult } from './send-channel.ts'
