/**
 * A client's platform whose connections can be watched: the steps of each attempt, and the frames
 * of each session.
 */

import type { ClientPlatform, DialRequest, NetworkStep } from '../../client/internal.ts'
import type { NodeClientOptions } from '../../engines/node/index.ts'
import { type FrameListener, TappedTransport } from './tapped-transport.ts'

/** Is told what happens. Its functions must not throw. */
export interface WireListener {
  /** A new request begins. */
  readonly dialing?: (request: DialRequest) => void
  /** An attempt has reached this step. */
  readonly entered?: (step: NetworkStep) => void
  /** The server has answered; the session follows if the status is 101 and valid. */
  readonly answered?: (status: number) => void
  readonly frame?: FrameListener
}

/** Returns `platform` with all of its connections watched. */
export function tappedPlatform(
  platform: ClientPlatform<NodeClientOptions>,
  listener: WireListener,
): ClientPlatform<NodeClientOptions> {
  return {
    ...platform,
    dialer(options) {
      const dialer = platform.dialer(options)
      return {
        async dial(request) {
          listener.dialing?.(request)
          const outcome = await dialer.dial({
            ...request,
            entered: (step) => {
              request.entered(step)
              listener.entered?.(step)
            },
          })
          listener.answered?.(outcome.response.status)
          if (outcome.type === 'answered' || listener.frame === undefined) return outcome
          return { ...outcome, transport: new TappedTransport(outcome.transport, listener.frame) }
        },
      }
    },
  }
}
