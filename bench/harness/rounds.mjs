/** Measures a case: every server in turn, A B C then C B A, so that drift hits all alike. */

import { startServer } from './servers.mjs'

/**
 * Runs one case of a scenario.
 *
 * @returns {Promise<{ servers: Record<string, { samples: object[] }>, failures: Record<string, string> }>} per
 *   server one object of metrics per round; a server that failed once is left out from then on.
 */
export async function measureCase(
  scenario,
  theCase,
  { names, rounds: wanted, seconds, cores, log },
) {
  const rounds = Math.min(wanted, scenario.maxRounds ?? wanted)
  const samples = Object.fromEntries(names.map((name) => [name, []]))
  const failures = {}
  const running = new Map()
  const options = { core: cores.server, ...theCase.server }
  const start = scenario.start ?? startServer
  try {
    for (let round = 0; round < rounds; round++) {
      for (const name of round % 2 === 0 ? names : names.toReversed()) {
        if (failures[name]) continue
        try {
          if (!running.has(name)) running.set(name, await start(name, options))
          const server = running.get(name)
          const warmup = samples[name].length === 0 || scenario.fresh ? WARMUP_FIRST : WARMUP_LATER
          samples[name].push(await theCase.measure(server, { core: cores.load, seconds, warmup }))
          log(`${scenario.name} ${theCase.name}: round ${round + 1} of ${rounds}, ${name}`)
        } catch (error) {
          failures[name] = error.message
        }
        if (scenario.fresh || failures[name]) {
          await running.get(name)?.stop()
          running.delete(name)
        }
      }
    }
  } finally {
    await Promise.all([...running.values()].map((server) => server.stop()))
  }
  return { samples, failures }
}

/**
 * At the first visit long enough for a just-in-time compiler, in messages too: on a busy machine half a second
 * may be few of them. Later the caches only.
 */
const WARMUP_FIRST = { warmup: 0.5, warmupMessages: 40_000 }
const WARMUP_LATER = { warmup: 0.1 }
