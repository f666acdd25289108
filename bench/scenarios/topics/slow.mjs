/** Check A8: subscribers that do not read, one under each policy. */

import { startTopicLoad } from '../../harness/topic-load.mjs'
import { startTopics } from '../../harness/topic-servers.mjs'
import { LOAD_CPU } from './metrics.mjs'

const POLICIES = ['replay', 'latest', 'skip', 'close']
const LISTENERS = 250
const BYTES = 4096
const RATE = 24
/** How long a subscriber does not read. The kernel's buffers for it are small, or they hold all. */
const STALLED_SECONDS = 60
const BASELINE_SECONDS = 5
/** Orders are answered within a minute. */
const CHUNK_SECONDS = 20
const SETTLE_MS = 1500
const HISTORY = 2000
const EVENTS_AFTER = 5

export const slow = {
  name: 'topics-slow',
  title: 'Subscribers that do not read (A8)',
  explain:
    'One node has four topics, one for each policy of `lagging`, with 250 subscribers each. 24 events ' +
    'of 4 KiB are published to each topic in a second. One subscriber of each topic does not read ' +
    'for 60 seconds, then reads again. The p99 is that of the other 996, in the 5 seconds before and ' +
    'meanwhile. Memory is what JavaScript holds after a collection, divided by the four. “Missed” ' +
    'are the events that a slow subscriber has not received: each must have been told, by a gap or ' +
    'as skipped. With `replay` none may be missing; with `close` the session must have ended. ' +
    '`writeTimeout` is raised: its default of 30 seconds would drop all four.',
  start: startTopics,
  servers: ['topics'],
  reference: 'topics',
  fresh: true,
  maxRounds: 1,
  metrics: [
    { key: 'before', title: 'p99 ms before', digits: 2, better: 'lower', ratio: false },
    { key: 'during', title: 'p99 ms meanwhile', digits: 2, better: 'lower', ratio: false },
    { key: 'growth', title: 'KiB for a slow one', digits: 0, better: 'lower', ratio: false },
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
  cases: () => [{ name: '4x250', title: '1 000 subscribers, 4 of them slow', measure }],
}

async function measure(server, { core, seconds }) {
  const [node] = server.nodes
  const loads = POLICIES.map((policy) =>
    startTopicLoad(server, core, {
      connections: LISTENERS,
      bytes: BYTES,
      narrow: 1,
      greeting: `{"type":"hello","topics":[{"topic":"${policy}/1","from":"now"}]}`,
      event: `{"type":"publish","id":$S,"topic":"${policy}/1","seq":$S,"data":"$D"}`,
    }),
  )
  const all = (order) => Promise.all(loads.map((load) => load.tell(order)))
  const p99 = (results) => Math.max(...results.map(({ latencyNs }) => latencyNs.p99)) / 1e6
  try {
    await all('speak')
    // The histories are full before anything is measured.
    await all(`run ${HISTORY + 50} 0 8`)
    await all(`open ${LISTENERS}`)
    await all('greet')
    await all(`run ${RATE * BASELINE_SECONDS} ${RATE} 0`)
    const before = await all(`run ${RATE * BASELINE_SECONDS} ${RATE} 0`)
    const { bytes: held } = await node.ask('memory')
    await all('stall 0 1')
    const during = []
    for (let left = STALLED_SECONDS * Math.min(1, seconds); left > 0; left -= CHUNK_SECONDS) {
      const events = Math.ceil(RATE * Math.min(left, CHUNK_SECONDS))
      during.push(...(await all(`run ${events} ${RATE} 0`)))
    }
    const { bytes: heldNow } = await node.ask('memory')
    await all('resume 0 1')
    await all(`settle ${SETTLE_MS}`)
    // A subscriber that has skipped to the newest event sees the next one.
    await all(`run ${EVENTS_AFTER} ${RATE} 0`)
    const ends = await all(`settle ${SETTLE_MS}`)
    // A full session is looked at when it drains: only then is its subscriber found to be slow.
    const { lagged } = await node.ask('counts')
    const ending = Object.fromEntries(POLICIES.map((policy, at) => [policy, ends[at]]))
    check(ending, lagged)
    return {
      before: p99(before),
      during: p99(during),
      growth: (heldNow - held) / 1024 / POLICIES.length,
      replay: ending.replay.holes,
      latest: ending.latest.holes,
      skip: ending.skip.holes,
      close: ending.close.ended,
      load:
        during.slice(0, POLICIES.length).reduce((sum, each) => sum + each.loadCpuShare, 0) * 100,
    }
  } finally {
    await Promise.all(loads.map((load) => load.end()))
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
