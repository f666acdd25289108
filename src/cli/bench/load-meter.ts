/**
 * Measures how busy this thread is, to say when the tool itself was the bottleneck.
 */

import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks'

/** How busy a thread was. */
export interface ToolLoad {
  /** The share of time in which the event loop was busy, from 0 to 1. */
  readonly busy: number
  /** The 99th percentile of the delay of the event loop, in milliseconds. */
  readonly delay: number
}

/** A measurement that is under way. */
export interface LoadMeter {
  stop(): ToolLoad
}

const RESOLUTION_MS = 10
const NS_PER_MS = 1e6

/** Above one of them, the results say more about the tool than about the server. */
const MAX_BUSY = 0.9
const MAX_DELAY_MS = 20

/** Begins to measure this thread. */
export function startLoadMeter(): LoadMeter {
  const begun: EventLoopUtilization = performance.eventLoopUtilization()
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delays.enable()
  return {
    stop() {
      delays.disable()
      const { utilization } = performance.eventLoopUtilization(begun)
      // The histogram has the time between two samples.
      const delay = Math.max(0, delays.percentile(99) / NS_PER_MS - RESOLUTION_MS)
      return { busy: utilization, delay }
    },
  }
}

/** @returns why the tool was the bottleneck, as a sentence; `null` if it was not. */
export function bottleneckOf({ busy, delay }: ToolLoad): string | null {
  if (busy >= MAX_BUSY) {
    return `The tool was the bottleneck: its thread was busy ${Math.round(busy * 100)} % of the time. Use --workers or less load`
  }
  if (delay < MAX_DELAY_MS) return null
  return `The tool was the bottleneck: its event loop was late by ${delay.toFixed(0)} ms (p99). Use --workers or less load`
}
