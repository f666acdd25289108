/** The load generator in its mode for topics: see bench/load/topics.c for what it can be told. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { BUILD } from './folders.mjs'
import { readLines } from './servers.mjs'

/**
 * Starts a generator.
 *
 * @param {object} server as `startTopics` returns it
 * @param {number | string} core where it runs
 * @param {{ connections: number, bytes?: number, ports?: number[] }} options beside the dialect
 */
export function startTopicLoad(server, core, { connections, bytes = 100, ports, ...dialect }) {
  const processes = [...server.nodes, ...(server.engine ? [server.engine] : [])]
  const flags = {
    connections,
    bytes,
    port: server.nodes[0].port,
    ports: (ports ?? server.nodes.map(({ port }) => port)).join(','),
    pids: processes.map(({ pid }) => pid).join(','),
    ...server.dialect,
    ...dialect,
  }
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = spawn('taskset', ['-c', String(core), `${BUILD}/load`, 'topics', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = readLines(child)
  const next = async (what) => {
    const [line] = await lines.next(/^\{.*\}$/, `${server.name}: ${what}`)
    const answer = JSON.parse(line)
    if (answer.errors > 0) throw new Error(answer.error)
    return withCpu(answer, server)
  }
  return {
    /** Sends an order that has an answer, and resolves with the answer. */
    tell(order) {
      child.stdin.write(`${order}\n`)
      return next(order)
    },
    /** Arms a generator that does not publish. `done` resolves with what it has heard. */
    async hear(count) {
      child.stdin.write(`hear ${count}\n`)
      await next('be armed')
      return { done: next(`hear ${count} events`) }
    },
    /** Sets the greeting of connections that are greeted from now on. */
    greeting(text) {
      child.stdin.write(`greeting ${text}\n`)
    },
    /** Ends the generator without a word to the server. */
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** Splits the CPU time into that of the nodes and that of the broker. */
function withCpu(answer, server) {
  if (answer.cpuNs === undefined) return answer
  const sum = (values) => values.reduce((total, each) => total + each, 0)
  const count = server.nodes.length
  return {
    ...answer,
    nodesCpuNs: sum(answer.cpuNs.slice(0, count)),
    brokerCpuNs: sum(answer.cpuNs.slice(count)),
  }
}
