/**
 * What the bot knows: commands that somebody may say in the room, and the answers.
 */

/** Gives the answer to what was said; `null` when it is no question for the bot. */
export type Answer = (text: string) => string | null

/**
 * Makes the answers of a bot that begins now.
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
