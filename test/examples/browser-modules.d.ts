/**
 * The pages' plain modules, as far as tests use them: TypeScript does not read JavaScript here.
 */

declare module '*/reconnecting-dashboard/public/dashboard.js' {
  import type { ReconnectingWebSocket } from 'towpath/client'

  interface View {
    showReading(reading: { readonly viewers: number }): void
    showState(state: string, words: string): void
  }

  export function follow(connection: ReconnectingWebSocket, view: View): Promise<void>

  export function describe(state: object): string

  export function inUnits(seconds: number): string
}

declare module '*/examples/public/chart.js' {
  export class Chart {
    add(at: number, value: number): void
    shapes(now: number, atLeast: number): { line: string; area: string; highest: number }
  }
}
