/**
 * The names of all metrics. There are no semantic conventions for WebSockets yet, so the names are
 * Towpath's own, in this one file.
 */

/** One metric: its name in OpenTelemetry, what it measures, and its unit (UCUM). */
export interface MetricName {
  readonly dotted: string
  readonly description: string
  readonly unit: string
}

/** The names in Prometheus, without the prefix. */
export type MetricKey =
  | 'sessions'
  | 'session_duration_seconds'
  | 'upgrades_total'
  | 'upgrade_duration_seconds'
  | 'messages_total'
  | 'bytes_total'
  | 'queued_bytes'
  | 'memory_budget_bytes'
  | 'frames_dropped_total'
  | 'limits_reached_total'
  | 'ping_rtt_seconds'
  | 'handler_failures_total'
  | 'requests_total'
  | 'request_duration_seconds'
  | 'topics'
  | 'topic_subscriptions'
  | 'topic_subscriptions_behind'
  | 'topic_lag_events'
  | 'topic_members'
  | 'topic_events_published_total'
  | 'topic_publish_failures_total'
  | 'topic_events_delivered_total'
  | 'topic_events_dropped_total'
  | 'topic_gaps_total'
  | 'topic_limits_reached_total'
  | 'broker_up'
  | 'broker_outages_total'
  | 'broker_reconnects_total'

/** The metrics by their names in Prometheus. */
export const METRICS: Readonly<Record<MetricKey, MetricName>> = {
  sessions: {
    dotted: 'towpath.sessions.active',
    description: 'Sessions that are running',
    unit: '{session}',
  },
  session_duration_seconds: {
    dotted: 'towpath.session.duration',
    description: 'How long sessions lasted',
    unit: 's',
  },
  /** In OpenTelemetry this is the count of `towpath.upgrade.duration`. */
  upgrades_total: {
    dotted: 'towpath.upgrades',
    description: 'Upgrade requests of routes',
    unit: '{request}',
  },
  upgrade_duration_seconds: {
    dotted: 'towpath.upgrade.duration',
    description: 'Time from the upgrade request to its answer',
    unit: 's',
  },
  messages_total: {
    dotted: 'towpath.messages',
    description: 'Messages that were received and sent',
    unit: '{message}',
  },
  bytes_total: {
    dotted: 'towpath.io',
    description: 'Bytes on connections after the handshake',
    unit: 'By',
  },
  queued_bytes: {
    dotted: 'towpath.queued',
    description: 'Bytes that wait for handlers and for slow peers',
    unit: 'By',
  },
  memory_budget_bytes: {
    dotted: 'towpath.memory_budget',
    description: 'Bytes that sessions hold, and their limit',
    unit: 'By',
  },
  frames_dropped_total: {
    dotted: 'towpath.frames.dropped',
    description: 'Frames that overflow policies dropped',
    unit: '{frame}',
  },
  limits_reached_total: {
    dotted: 'towpath.limits.reached',
    description: 'How often limits were reached',
    unit: '{event}',
  },
  ping_rtt_seconds: {
    dotted: 'towpath.ping.duration',
    description: 'Round-trip time of pings',
    unit: 's',
  },
  handler_failures_total: {
    dotted: 'towpath.handler.failures',
    description: 'Handlers that failed',
    unit: '{failure}',
  },
  /** In OpenTelemetry this is the count of `towpath.request.duration`. */
  requests_total: {
    dotted: 'towpath.requests',
    description: 'Typed requests, asked and served',
    unit: '{request}',
  },
  request_duration_seconds: {
    dotted: 'towpath.request.duration',
    description: 'Time from a typed request to its outcome',
    unit: 's',
  },
  topics: {
    dotted: 'towpath.topics',
    description: 'Topics that this process follows',
    unit: '{topic}',
  },
  topic_subscriptions: {
    dotted: 'towpath.topic.subscriptions',
    description: 'Subscriptions of topics',
    unit: '{subscription}',
  },
  topic_subscriptions_behind: {
    dotted: 'towpath.topic.subscriptions.behind',
    description: 'Subscriptions that have not taken the newest event yet',
    unit: '{subscription}',
  },
  topic_lag_events: {
    dotted: 'towpath.topic.lag',
    description: 'How many events the slowest subscription is behind',
    unit: '{event}',
  },
  topic_members: {
    dotted: 'towpath.topic.members',
    description: 'Members of presence with a connection to this process',
    unit: '{member}',
  },
  topic_events_published_total: {
    dotted: 'towpath.topic.published',
    description: 'Events that this process has published',
    unit: '{event}',
  },
  topic_publish_failures_total: {
    dotted: 'towpath.topic.publish.failures',
    description: 'Publishes that failed, except those whose expected position did not hold',
    unit: '{event}',
  },
  topic_events_delivered_total: {
    dotted: 'towpath.topic.delivered',
    description: 'Events that subscriptions have taken, once for each subscription',
    unit: '{event}',
  },
  topic_events_dropped_total: {
    dotted: 'towpath.topic.dropped',
    description: 'Events that slow subscriptions did not get',
    unit: '{event}',
  },
  topic_gaps_total: {
    dotted: 'towpath.topic.gaps',
    description: 'Gaps that subscriptions have taken',
    unit: '{gap}',
  },
  topic_limits_reached_total: {
    dotted: 'towpath.topic.limits.reached',
    description: 'How often clients reached limits of topics',
    unit: '{event}',
  },
  broker_up: {
    dotted: 'towpath.broker.up',
    description: '1 while the broker of topics can be used, else 0',
    unit: '1',
  },
  broker_outages_total: {
    dotted: 'towpath.broker.outages',
    description: 'How often the broker of topics went down',
    unit: '{outage}',
  },
  broker_reconnects_total: {
    dotted: 'towpath.broker.reconnects',
    description: 'How often the broker of topics was up again',
    unit: '{reconnect}',
  },
}

/** Gauges of each kind of topics, and the field that has the value. */
export const KIND_GAUGES = [
  ['topics', 'topics'],
  ['topic_subscriptions', 'subscriptions'],
  ['topic_subscriptions_behind', 'behind'],
  ['topic_lag_events', 'lag'],
  ['topic_members', 'members'],
] as const

/** Sums of each kind of topics, and the field that has the value. */
export const KIND_SUMS = [
  ['topic_events_published_total', 'published'],
  ['topic_publish_failures_total', 'publishFailures'],
  ['topic_events_delivered_total', 'delivered'],
  ['topic_events_dropped_total', 'dropped'],
] as const

/** The bounds of the histograms, in seconds. */
export const BUCKETS = {
  session: [1, 10, 60, 300, 900, 3600, 14_400, 86_400],
  upgrade: [0.001, 0.005, 0.025, 0.1, 0.25, 1, 2.5, 10],
  ping: [0.001, 0.005, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  request: [0.001, 0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30],
} as const
