/** What is read from a run of the load generator, and how it is shown. */

import { runLoad } from '../harness/load.mjs'

const MIB = 1024 * 1024

/**
 * A metric of a scenario. `ratio` = it is also shown as the reference server's value divided by each
 * other's; `better` says which end is the good one.
 */
export const CPU = { key: 'cpu', title: 'µs CPU/message', digits: 2, better: 'lower', ratio: true }
export const RATE = { key: 'rate', title: 'messages/s', digits: 0, better: 'higher', ratio: true }
export const MEMORY = { key: 'memory', title: 'RSS MiB', digits: 0, better: 'lower', ratio: false }

/** Runs echo or fan-out once, and reads the usual three metrics. */
export async function measureMessages(mode, server, { core, seconds, warmup }, options) {
  const result = await runLoad(mode, server, core, { seconds, ...warmup, ...options })
  return {
    cpu: result.cpuNsPerMessage / 1000,
    rate: result.messagesPerSecond,
    memory: result.rssBytes / MIB,
    loadCpu: result.loadCpuShare,
    ...(result.extension ? { extension: result.extension } : {}),
  }
}
