/**
 * Publishes the events of applications on channels of `node:diagnostics_channel`, for as long as
 * somebody subscribes. The names of the channels are public.
 */

import { channel, tracingChannel } from 'node:diagnostics_channel'

import type { Application, ApplicationEvents } from '../../application/index.ts'
import {
  addHooks,
  EventMonitor,
  type EventPublisher,
  type UpgradeEnd,
  type UpgradeWatch,
  logFailure,
} from '../../application/internal.ts'
import { observeRequests, type RequestObserver, type RequestWatch } from '../../base/internal.ts'

/** The channel of each event of `monitor`; its messages are the facts of the event. */
const CHANNELS: Readonly<Partial<Record<keyof ApplicationEvents, string>>> = {
  sessionOpened: 'towpath:session:opened',
  sessionClosed: 'towpath:session:closed',
  upgradeRefused: 'towpath:upgrade:refused',
  handlerFailed: 'towpath:handler:failed',
  limitReached: 'towpath:limit:reached',
  frameDropped: 'towpath:frame:dropped',
  stopping: 'towpath:application:stopping',
  stopped: 'towpath:application:stopped',
}

const PUBLISHED = new WeakSet<Application>()

/** Publishes the events of `application` from now on. Idempotent. */
export function publishDiagnostics(application: Application): void {
  if (PUBLISHED.has(application)) return
  PUBLISHED.add(application)
  const { monitor } = application
  if (monitor instanceof EventMonitor) monitor.publishTo(createPublisher())
  const upgrades = tracingChannel<'towpath:upgrade', TracedUpgrade>('towpath:upgrade')
  addHooks(application, {
    watchesUpgrades: () => isSubscribed(upgrades),
    upgradeBegins: ({ request }, route) => watchUpgrade(upgrades, { request, route }),
  })
  observeRequests(application, createObserver(), (error) =>
    logFailure(application.logger, error, 'A request could not be published'),
  )
}

function createPublisher(): EventPublisher<ApplicationEvents> {
  const channels = new Map(
    Object.entries(CHANNELS).map(([event, name]) => [event, channel(name)] as const),
  )
  return {
    hasSubscribers: (event) => channels.get(event)?.hasSubscribers === true,
    publish: (event, facts) => channels.get(event)?.publish(facts),
  }
}

/** A message of `tracing:towpath:upgrade`. The later fields are there from `asyncStart` on. */
interface TracedUpgrade extends Partial<UpgradeEnd> {
  readonly request: object
  readonly route: string
  error?: unknown
}

/** A message of `tracing:towpath:request`. */
interface TracedRequest {
  readonly kind: 'asked' | 'served'
  /** `null`: a name that the contract does not have. */
  readonly type: string | null
  readonly session: object
  /** The code of the failure; there from `asyncStart` on. */
  failure?: string | null
}

type Tracing<Message extends object> = ReturnType<typeof tracingChannel<string, Message>>

function isSubscribed<Message extends object>({
  start,
  end,
  asyncStart,
  asyncEnd,
  error,
}: Tracing<Message>): boolean {
  // `tracingChannel().hasSubscribers` is newer than Node 20.
  return [start, end, asyncStart, asyncEnd, error].some(({ hasSubscribers }) => hasSubscribers)
}

function watchUpgrade(tracing: Tracing<TracedUpgrade>, message: TracedUpgrade): UpgradeWatch {
  return {
    run: (decide) => begin(tracing, message, decide),
    ended: (end) => {
      Object.assign(message, end)
      if (end.cause !== null) message.error = end.cause
      conclude(tracing, message, end.cause !== null)
    },
  }
}

function createObserver(): RequestObserver {
  const requests = tracingChannel<'towpath:request', TracedRequest>('towpath:request')
  const watch = (message: TracedRequest): RequestWatch | null =>
    isSubscribed(requests) ? watchRequest(requests, message) : null
  return {
    asked(type, session) {
      const asked = watch({ kind: 'asked', type, session })
      // No code of the application runs for it.
      asked?.run(() => {})
      return asked
    },
    served: (type, _, session) => watch({ kind: 'served', type, session }),
  }
}

function watchRequest(tracing: Tracing<TracedRequest>, message: TracedRequest): RequestWatch {
  return {
    trace: null,
    run: (handle) => begin(tracing, message, handle),
    ended: (failure) => {
      message.failure = failure
      conclude(tracing, message, false)
    },
  }
}

function begin<Message extends object, T>(
  { start, end }: Tracing<Message>,
  message: Message,
  task: () => T,
): T {
  return start.runStores(message, () => {
    try {
      return task()
    } finally {
      end.publish(message)
    }
  })
}

function conclude<Message extends object>(
  { asyncStart, asyncEnd, error }: Tracing<Message>,
  message: Message,
  hasError: boolean,
): void {
  if (hasError) error.publish(message)
  asyncStart.publish(message)
  asyncEnd.publish(message)
}
