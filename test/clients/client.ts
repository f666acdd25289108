/**
 * What the interoperability tests need of a client that somebody else wrote.
 */

/** How a connection ended, as the client was told. */
export interface Ending {
  /** 1005 when there was no code. */
  readonly code: number
  readonly reason: string
}

/** One foreign client; each method opens a connection of its own, and closes it. */
export interface ForeignClient {
  readonly name: string

  /** Sends `message` in that many fragments, and answers what comes back. */
  echo(url: string, message: string | Buffer, fragments: number): Promise<string | Buffer>

  /** Answers the first message that comes. */
  receive(url: string): Promise<string | Buffer>

  /** Pings with `text`, and resolves with the payload of the pong. */
  ping(url: string, text: string): Promise<string>

  /** Closes with `code` (`null`: without any), and answers how the connection ended. */
  close(url: string, code: number | null, reason: string): Promise<Ending>

  /** Waits for the server to close. */
  waitForClose(url: string): Promise<Ending>

  /** Ends what it needed to run. */
  stop(): void
}

/** What a client has no way to do, and why. */
export type Inability = 'fragments' | 'ping' | 'close without a code' | 'close below 3000'

/** Cuts `bytes` into that many pieces of about equal length, in the middle of characters too. */
export function cut(bytes: Buffer, fragments: number): Buffer[] {
  const size = Math.ceil(bytes.length / fragments)
  return Array.from({ length: fragments }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
}
