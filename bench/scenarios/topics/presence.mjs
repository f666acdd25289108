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
/** Clients of one process: with more, its own work delays them. */
const CLIENTS_OF_PROCESS = 2500
/** On a machine that cannot do it in time, the counts are still valid. */
const JOIN_DEADLINE_MS = 300_000
const GHOST_SECONDS = 60
const POLL_MS = 100
/** Members that are lost to a dead node have left by then: its lease and the time to notice. */
const GONE_DEADLINE_MS = 40_000
const AGREE_DEADLINE_MS = 20_000
/** All clients of a drained node are on another by then. */
const MOVE_DEADLINE_MS = 300_000
/** Longer than members of a node that has stopped count: see `BENCH_GRACE` of servers/topics.mjs. */
const AFTER_GRACE_MS = 5000

export const presence = {
  name: 'topics-presence',
  title: 'Presence (A11)',
  explain:
    '10 000 clients join a topic within 10 seconds, half on each of two nodes over Redis, more slowly ' +
    'where the clients take all of their core. “Messages” are those that the two nodes have sent to ' +
    'each other until they agreed. “Agreed” is the time from the last join until both ' +
    'nodes list all. Then one node and its clients are killed: “gone” is the time until the other ' +
    'node lists the rest, which must stay so for a minute. Then the first node is drained, and its ' +
    'clients move to a third: “moved” is the time until all have a seat there. “Flaps” counts `left` ' +
    'and `joined` that the third node tells meanwhile. There are some if the clients take longer than ' +
    'the grace of 10 seconds.',
  start: startTopics,
  servers: ['topics-redis'],
  reference: 'topics-redis',
  fresh: true,
  maxRounds: 1,
  metrics: [
    { key: 'members', title: 'members', digits: 0, better: 'higher', ratio: false },
    { key: 'joined', title: 'joined in s', digits: 1, better: 'lower', ratio: false },
    { key: 'messages', title: 'messages of nodes', digits: 0, better: 'lower', ratio: false },
    { key: 'agreed', title: 'agreed in s', digits: 1, better: 'lower', ratio: false },
    { key: 'gone', title: 'gone in s', digits: 1, better: 'lower', ratio: false },
    { key: 'ghosts', title: 'ghosts', digits: 0, better: 'lower', ratio: false },
    { key: 'moved', title: 'moved in s', digits: 1, better: 'lower', ratio: false },
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
  const processes = Math.ceil(each / CLIENTS_OF_PROCESS)
  const start = (name, ports) =>
    Array.from({ length: processes }, (_, at) => startCrowd(core, `${name}${at}-`, ports))
  const staying = start('a', [first.port, third.port])
  const lost = start('b', [second.port])
  const crowds = [...staying, ...lost]
  try {
    const sent = await messagesOf([first, second])
    const begun = performance.now()
    await Promise.all(
      crowds.map((crowd) => crowd.join(Math.round(each / processes), JOIN_SECONDS * share)),
    )
    const joined = since(begun)
    const agreed = await until([first, second], 2 * each, AGREE_DEADLINE_MS)
    const messages = (await messagesOf([first, second])) - sent

    second.kill()
    for (const crowd of lost) crowd.kill()
    const gone = await until([first], each, GONE_DEADLINE_MS)
    const ghosts = await mostBeside(first, each, GHOST_SECONDS * share)

    await third.ask('watch')
    await until([third], each, AGREE_DEADLINE_MS)
    const before = await third.ask('presence')
    const draining = performance.now()
    const { graceMs } = await first.ask('drain')
    await untilHere(third, each)
    const moved = since(draining)
    await sleep(Math.max(0, graceMs + AFTER_GRACE_MS - moved * 1000))
    const after = await third.ask('presence')
    const flaps = after.left - before.left + after.joined - before.joined
    const kept = after.count
    return { members: 2 * each, joined, messages, agreed, gone, ghosts, moved, flaps, kept }
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
      await lines.next(/^ANSWER (.+)$/, `${count} members to join`, JOIN_DEADLINE_MS)
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

/** Waits until `count` members are connected to `node`. */
async function untilHere(node, count) {
  const begun = performance.now()
  for (;;) {
    const { here } = await node.ask('presence')
    if (here === count) return
    if (performance.now() - begun > MOVE_DEADLINE_MS) {
      throw new Error(`Cannot wait longer for the clients of a drained node: ${here} have come`)
    }
    await sleep(POLL_MS)
  }
}

/** How many messages the nodes have sent to each other. */
async function messagesOf(nodes) {
  const counts = await Promise.all(nodes.map((node) => node.ask('counts')))
  return counts.reduce((sum, { sends }) => sum + sends, 0)
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
