/**
 * The bot's commands and their answers.
 */

/** Returns the answer to a message; `null` if the message is not a command. */
export type Answer = (text: string) => string | null

/**
 * Creates the answers of a bot that starts now.
 *
 * @param now - the time in ms since 1970.
 */
export function createAnswers(now: () => number): Answer {
  const since = formatTime(now())
  const answers: ReadonlyMap<string, () => string> = new Map([
    ['!help', () => `I answer ${[...answers.keys()].join(', ')}`],
    ['!time', () => `It is ${formatTime(now())}`],
    ['!since', () => `I have been listening since ${since}`],
  ])
  return (text) => answers.get(text.trim().toLowerCase())?.() ?? null
}

function formatTime(ms: number): string {
  return new Date(ms).toUTCString()
}
