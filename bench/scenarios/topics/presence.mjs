/** Check A11: presence of many members, a node that dies, and a planned drain. */

import { spawn } from 'node:child_process'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { readLines } from '../../harness/servers.mjs'
import { startTopics } from '../../harness/topic-servers.mjs'

const CROWD = fileURLToPath(new URL('../../load/crowd.mjs', import.meta.url))
const MEMBERS = 10_000
const JOIN_SECONDS = 10
const GHOST_SECONDS = 60
const POLL_MS = 100
/** Members that are lost to a dead node have left by then: its lease and the time to notice. */
const GONE_DEADLINE_MS = 40_000
const AGREE_DEADLINE_MS = 20_000
/** Clients come back within the spread of the drain, and count for `grace` meanwhile. */
const DRAINED_SECONDS = 15

export const presence = {
  name: 'topics-presence',
  title: 'Presence (A11)',
  explain:
    '10 000 clients join a topic within 10 seconds, half on each of two nodes over Redis, more slowly ' +
    'where the clients take all of their core. “Agreed” is the time from the last join until both ' +
    'nodes list all. Then one node and its clients are killed: “gone” is the time until the other ' +
    'node lists the rest, which must stay so for a minute. Then a third node starts, and the first ' +
    'is drained: its clients move. “Flaps” counts `left` and `joined` that the third node tells ' +
    'meanwhile.',
  start: startTopics,
  servers: ['topics-redis'],
  reference: 'topics-redis',
  fresh: true,
  maxRounds: 1,
  metrics: [
    { key: 'joined', title: 'joined in s', digits: 1, better: 'lower', ratio: false },
    { key: 'agreed', title: 'agreed in s', digits: 1, better: 'lower', ratio: false },
    { key: 'gone', title: 'gone in s', digits: 1, better: 'lower', ratio: false },
    { key: 'ghosts', title: 'ghosts', digits: 0, better: 'lower', ratio: false },
    { key: 'flaps', title: 'flaps at the drain', digits: 0, better: 'lower', ratio: false },
    { key: 'kept', title: 'members after it', digits: 0, better: 'higher', ratio: false },
  ],
  cases: () => [{ name: '10000', title: '10 000 members on two nodes', measure }],
}

async function measure(server, { core, seconds }) {
  const share = Math.min(1, seconds)
  const each = Math.round((MEMBERS / 2) * share)
  const [first, second] = server.nodes
  const third = await server.startNode()
  const crowds = [
    startCrowd(core, 'a', [first.port, third.port]),
    startCrowd(core, 'b', [second.port]),
  ]
  try {
    const begun = performance.now()
    await Promise.all(crowds.map((crowd) => crowd.join(each, JOIN_SECONDS * share)))
    const joined = since(begun)
    const agreed = await until([first, second], 2 * each, AGREE_DEADLINE_MS)

    second.kill()
    crowds[1].kill()
    const gone = await until([first], each, GONE_DEADLINE_MS)
    const ghosts = await mostBeside(first, each, GHOST_SECONDS * share)

    await third.ask('watch')
    await until([third], each, AGREE_DEADLINE_MS)
    const before = await third.ask('presence')
    await first.ask('drain')
    await sleep(DRAINED_SECONDS * 1000)
    const after = await third.ask('presence')
    const flaps = after.left - before.left + after.joined - before.joined
    return { joined, agreed, gone, ghosts, flaps, kept: after.count }
  } finally {
    for (const { kill } of crowds) kill()
  }
}

function startCrowd(core, prefix, ports) {
  const child = spawn(
    'taskset',
    ['-c', String(core), process.execPath, CROWD, prefix, ports.join(',')],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const lines = readLines(child)
  return {
    async join(count, seconds) {
      child.stdin.write(`join ${count} ${seconds}\n`)
      await lines.next(/^ANSWER (.+)$/, `${count} members to join`)
    },
    kill: () => child.kill('SIGKILL'),
  }
}

/** Waits until all `nodes` list `count` members, and have heard of all nodes. @returns seconds. */
async function until(nodes, count, deadlineMs) {
  const begun = performance.now()
  for (;;) {
    const seen = await Promise.all(nodes.map((node) => node.ask('presence')))
    if (seen.every((one) => one.count === count && one.complete)) return since(begun)
    if (performance.now() - begun > deadlineMs) {
      throw new Error(`Cannot wait longer for ${count} members: ${JSON.stringify(seen)}`)
    }
    await sleep(POLL_MS)
  }
}

/** The largest difference from `count` in the next `seconds`. */
async function mostBeside(node, count, seconds) {
  const begun = performance.now()
  let most = 0
  while (since(begun) < seconds) {
    const { count: seen } = await node.ask('presence')
    most = Math.max(most, Math.abs(seen - count))
    await sleep(1000)
  }
  return most
}

function since(begun) {
  return (performance.now() - begun) / 1000
}
