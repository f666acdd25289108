/** Check A8: subscribers that do not read, one under each policy. */

import { startTopicLoad } from '../../harness/topic-load.mjs'
import { startTopics } from '../../harness/topic-servers.mjs'
import { median } from '../../harness/statistics.mjs'
import { LOAD_CPU } from './metrics.mjs'

const POLICIES = ['replay', 'latest', 'skip', 'close']
const LISTENERS = 250
const BYTES = 512
/** Events to each topic in a second, in short measurements of both nodes in turn. */
const RATE = 60
const EVENTS_OF_ROUND = 30
const ROUNDS_BEFORE = 20
/**
 * How long a subscriber does not read, as rounds of a second. Its connection is new, so that the
 * kernel's buffers for it are small: fewer rounds would not fill them.
 */
const STALLED_ROUNDS = 60
const LEAST_ROUNDS = 14
const SETTLE_MS = 1500
const HISTORY = 2000
const EVENTS_AFTER = 5

export const slow = {
  name: 'topics-slow',
  title: 'Subscribers that do not read (A8)',
  explain:
    'Two nodes without a connection between them have four topics each, one for each policy of ' +
    '`lagging`, with 250 subscribers each. 60 events of 512 bytes are published to each topic in a ' +
    'second, for half a second on one node, then on the other, and so on. On the first node, one ' +
    'more subscriber of each topic does not read for 60 of these rounds, a minute, then reads again. ' +
    '“p99” is that of the other 1 000, as the median of all rounds. “First ÷ second” is the median of ' +
    'the ratios of two measurements beside each other: before, and while the subscribers do not ' +
    'read. “Others” is the second ratio divided by the first. Memory is what `bytesBuffered` of the ' +
    'application counts more than before, divided by the four. “Missed” are the events that a slow ' +
    'subscriber has not received: each must have been told, by a gap or as skipped. With `replay` ' +
    'none may be missing; with `close` the session must have ended. `writeTimeout` is raised: its ' +
    'default of 30 seconds would drop all four.',
  start: (name, options) => startTopics(name, { ...options, nodes: 2 }),
  servers: ['topics'],
  reference: 'topics',
  fresh: true,
  maxRounds: 1,
  metrics: [
    { key: 'p99', title: 'p99 ms meanwhile', digits: 2, better: 'lower', ratio: false },
    { key: 'before', title: 'first ÷ second before', digits: 2, better: 'lower', ratio: false },
    { key: 'during', title: 'meanwhile', digits: 2, better: 'lower', ratio: false },
    { key: 'others', title: 'others', digits: 2, better: 'lower', ratio: false },
    { key: 'growth', title: 'KiB for a slow one', digits: 1, better: 'lower', ratio: false },
    ...['replay', 'latest', 'skip'].map((policy) => ({
      key: policy,
      title: `${policy}: missed and told`,
      digits: 0,
      better: 'lower',
      ratio: false,
    })),
    { key: 'close', title: 'close: sessions ended', digits: 0, better: 'higher', ratio: false },
    LOAD_CPU,
  ],
  cases: () => [{ name: '4x250', title: '1 000 subscribers, and 4 that are slow', measure }],
}

async function measure(server, { core, seconds }) {
  const [node] = server.nodes
  const [first, second] = server.nodes.map((each) => new Crowd(server, each, core))
  try {
    for (const crowd of [first, second]) await crowd.begin()
    const before = await inTurn(first, second, ROUNDS_BEFORE)
    const { bytes: held } = await node.ask('buffered')
    await first.all(`arrive ${LISTENERS + 1}`)
    await first.all(`stall ${LISTENERS} ${LISTENERS + 1}`)
    let most = 0
    const rounds = Math.max(LEAST_ROUNDS, Math.round(STALLED_ROUNDS * seconds))
    const during = await inTurn(first, second, Math.min(STALLED_ROUNDS, rounds), async () => {
      most = Math.max(most, (await node.ask('buffered')).bytes)
    })
    await first.all(`resume ${LISTENERS} ${LISTENERS + 1}`)
    await first.all(`settle ${SETTLE_MS}`)
    // A subscriber that has skipped to the newest event sees the next one.
    await first.all(`run ${EVENTS_AFTER} ${RATE} 0`)
    const ends = await first.all(`settle ${SETTLE_MS}`)
    // A full session is looked at when it drains: only then is its subscriber found to be slow.
    const { lagged } = await node.ask('counts')
    const ending = Object.fromEntries(POLICIES.map((policy, at) => [policy, ends[at]]))
    check(ending, lagged)
    return {
      p99: during.p99,
      before: before.ratio,
      during: during.ratio,
      others: during.ratio / before.ratio,
      growth: (most - held) / 1024 / POLICIES.length,
      replay: ending.replay.holes,
      latest: ending.latest.holes,
      skip: ending.skip.holes,
      close: ending.close.ended,
      load: during.load,
    }
  } finally {
    for (const crowd of [first, second]) await crowd.end()
  }
}

/** The subscribers of one node, with a generator for each topic. */
class Crowd {
  #loads

  constructor(server, { port }, core) {
    this.#loads = POLICIES.map((policy) =>
      startTopicLoad(server, core, {
        connections: LISTENERS + 1,
        bytes: BYTES,
        narrow: LISTENERS,
        ports: [port],
        greeting: `{"type":"hello","topics":[{"topic":"${policy}/1","from":"now"}]}`,
        event: `{"type":"publish","id":$S,"topic":"${policy}/1","seq":$S,"data":"$D"}`,
      }),
    )
  }

  all(order) {
    return Promise.all(this.#loads.map((load) => load.tell(order)))
  }

  async begin() {
    await this.all('speak')
    // The histories are full before anything is measured.
    await this.all(`run ${HISTORY + 50} 0 8`)
    await this.all(`arrive ${LISTENERS}`)
  }

  /** @returns the p99 in ms, the mean of the four topics; and what the generators take of a core. */
  async round() {
    const results = await this.all(`run ${EVENTS_OF_ROUND} ${RATE} 0`)
    const sum = (valueOf) => results.reduce((total, each) => total + valueOf(each), 0)
    return {
      p99: sum(({ latencyNs }) => latencyNs.p99) / results.length / 1e6,
      load: sum(({ loadCpuShare }) => loadCpuShare) * 100,
    }
  }

  async end() {
    await Promise.all(this.#loads.map((load) => load.end()))
  }
}

/** Measures two crowds in turn. @returns medians: of the first one's p99, and of the ratios. */
async function inTurn(first, second, rounds, afterEach = async () => {}) {
  const samples = []
  for (let round = 0; round < rounds; round++) {
    const isFirst = round % 2 === 0
    const one = await (isFirst ? first : second).round()
    const other = await (isFirst ? second : first).round()
    samples.push(isFirst ? [one, other] : [other, one])
    await afterEach()
  }
  return {
    p99: median(samples.map(([ours]) => ours.p99)),
    ratio: median(samples.map(([ours, theirs]) => ours.p99 / theirs.p99)),
    load: median(samples.map(([ours]) => ours.load)),
  }
}

/** Fails the run where a policy did not hold. What the load generator checks is not repeated. */
function check({ close, ...others }, lagged) {
  const fail = (what) => {
    throw new Error(`Cannot accept the end of a slow subscriber: ${what}`)
  }
  for (const [policy, { holes, told, behind, ended, endedCode }] of Object.entries(others)) {
    if (ended > 0) fail(`"${policy}" has closed it with ${endedCode}`)
    if (behind > 0) fail(`"${policy}" has not sent the newest ${behind} events`)
    if (holes !== told) fail(`"${policy}" has left out ${holes} events, and told ${told}`)
  }
  const { replay, latest, skip } = others
  if (replay.holes > 0) fail(`"replay" has left out ${replay.holes} events that are stored`)
  if (latest.skipped === 0 || latest.gaps > 0)
    fail(`"latest" has told ${latest.gaps} gaps, and ${latest.skipped} times what it skipped`)
  if (skip.gaps === 0) fail('"skip" has told no gap')
  // After the deadline of its closing handshake, the session is dropped without the Close frame.
  if (close.ended !== 1 || lagged !== 1)
    fail(`"close" has ended ${close.ended} sessions, ${lagged} were reported`)
  if (close.endedCode !== 0 && close.endedCode !== 4101) fail(`"close" used ${close.endedCode}`)
}
