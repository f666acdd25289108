/**
 * Measures the process: the delay of the event loop, memory and processors. It measures only
 * between `start` and `stop`.
 */

import {
  type EventLoopUtilization,
  type IntervalHistogram,
  monitorEventLoopDelay,
  performance,
} from 'node:perf_hooks'

import type { Sample } from './wire.ts'

/** The measured part of a sample. */
export type ProcessSample = Pick<
  Sample,
  'loop50' | 'loop99' | 'loopMax' | 'busy' | 'cpu' | 'resident' | 'heap'
>

const RESOLUTION_MS = 10
const NANOSECONDS = 1e6
const MICROSECONDS = 1000

/** Measures this process since the last read. */
export class ProcessMeter {
  #delay: IntervalHistogram | null = null
  #utilization: EventLoopUtilization = performance.eventLoopUtilization()
  #cpu: NodeJS.CpuUsage = process.cpuUsage()
  #readAt: number = performance.now()

  start(): void {
    this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    this.#delay.enable()
    this.read()
  }

  stop(): void {
    this.#delay?.disable()
    this.#delay = null
  }

  /** Returns what was measured since the last call. */
  read(): ProcessSample {
    const cpu = process.cpuUsage()
    const utilization = performance.eventLoopUtilization()
    const now = performance.now()
    const used = cpu.user - this.#cpu.user + cpu.system - this.#cpu.system
    const elapsedMs = Math.max(now - this.#readAt, 1)
    const busy = performance.eventLoopUtilization(utilization, this.#utilization).utilization
    const { rss, heapUsed } = process.memoryUsage()
    const sample = {
      loop50: this.#delayAt(50),
      loop99: this.#delayAt(99),
      loopMax: this.#delayAt(100),
      busy,
      cpu: used / MICROSECONDS / elapsedMs,
      resident: rss,
      heap: heapUsed,
    }
    this.#cpu = cpu
    this.#utilization = utilization
    this.#readAt = now
    this.#delay?.reset()
    return sample
  }

  /** The delay beyond the resolution of the measurement, in milliseconds. */
  #delayAt(percentile: number): number | null {
    const delay = this.#delay
    if (delay === null || delay.count === 0) return null
    return Math.max(0, delay.percentile(percentile) / NANOSECONDS - RESOLUTION_MS)
  }
}
