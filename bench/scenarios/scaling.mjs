/** One worker and two, each free to use every core that the load generator can spare. */

import { readFileSync } from 'node:fs'
import os from 'node:os'

import { runLoad } from '../harness/load.mjs'
import { CPU, RATE } from './metrics.mjs'

const LOAD_SHARE = {
  key: 'loadCpu',
  title: 'load’s CPU share',
  digits: 2,
  better: 'lower',
  ratio: false,
}

const LAST = os.availableParallelism() - 1
/** On two cores nothing can be kept apart: the load then competes with the workers, and hides a part of the gain. */
const CORES =
  LAST >= 2
    ? { server: `0-${LAST - 1}`, load: String(LAST) }
    : { server: `0-${LAST}`, load: `0-${LAST}` }

export const scaling = {
  name: 'scaling',
  title: 'Two workers',
  explain:
    'Echo over 64 connections by one process and by two workers. Work is the number of ' +
    'SHA-256 hashes of each message before it is echoed. CPU is that of all server ' +
    'processes; if it is equal, workers cost nothing. On a machine with two cores, the load ' +
    'generator takes its share (the last column) from the workers, which limits the rate.',
  metrics: [RATE, CPU, LOAD_SHARE],
  servers: ['towpath', 'towpath-2'],
  cases: () => [
    scalingCase('echo', 'echo, 1 in flight', 0, { inFlight: 1, bytes: 32 }),
    scalingCase('echo-pipelined', 'echo, 16 in flight', 0, { inFlight: 16, bytes: 32 }),
    scalingCase('work', 'work of 20 hashes', 20, { inFlight: 1, bytes: 1024 }),
  ],
}

function scalingCase(name, title, work, load) {
  return {
    name,
    title,
    server: { core: CORES.server, environment: { BENCH_WORK: String(work) } },
    async measure(server, { seconds, warmup }) {
      const shape = { connections: 64, ...load }
      await runLoad('echo', server, CORES.load, { seconds: 0.1, ...warmup, ...shape })
      const before = cpuSeconds(server.pid)
      const result = await runLoad('echo', server, CORES.load, { seconds, warmup: 0, ...shape })
      const cpu = ((cpuSeconds(server.pid) - before) * 1e6) / result.messages
      return { rate: result.messagesPerSecond, cpu, loadCpu: result.loadCpuShare }
    },
  }
}

const TICKS_PER_SECOND = 100

/** CPU time of a process and of its children so far, to a hundredth of a second. */
function cpuSeconds(pid) {
  // After the name, in brackets, come the state and then numbers: user and system time are the 14th and 15th field.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  const own = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
  return children.filter(Boolean).reduce((sum, child) => sum + cpuSeconds(child), own)
}
