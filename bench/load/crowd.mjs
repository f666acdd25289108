/**
 * Members of a topic with presence: many clients of `towpath/client/topics`, told what to do on
 * standard input. Each answer is a line of JSON.
 *
 *   node crowd.mjs <prefix> <port>[,<port>…]     clients try the ports in turn
 *
 *   join N SECONDS   N members join, spread over so many seconds; answers when all have joined
 *   end              leaves without a word
 */

import process from 'node:process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const [prefix, ports] = process.argv.slice(2)
const urls = ports.split(',').map((port) => `ws://127.0.0.1:${port}/live`)
const dist = process.env.TOWPATH_DIST
const path = 'node-topics-client.js'
const { connectTopics } = await import(
  dist ? pathToFileURL(`${dist}/${path}`).href : `../../dist/${path}`
)
/** They live until the process ends. */
const seats = []

async function join(count, seconds) {
  const begun = performance.now()
  const joining = []
  for (let at = 0; at < count; at++) {
    const due = begun + (at * seconds * 1000) / count
    const early = due - performance.now()
    if (early > 1) await sleep(early)
    joining.push(member(`${prefix}${at}`))
  }
  seats.push(...(await Promise.all(joining)))
}

function member(name) {
  let attempt = 0
  const live = connectTopics(() => urls[attempt++ % urls.length], {
    connection: { reconnect: { baseDelay: 100, maxDelay: 1000 } },
  })
  return live.topic('crowd/1').presence.join({ name })
}

process.stdout.write('READY 0\n')
for await (const line of createInterface({ input: process.stdin })) {
  const [order, count, seconds] = line.split(' ')
  if (order === 'end') process.exit(0)
  await join(Number(count), Number(seconds))
  process.stdout.write(`ANSWER ${JSON.stringify({ joined: seats.length })}\n`)
}
