/**
 * The logic of the dashboard, without the screen: `page.js` draws it, and tests check it.
 */

/**
 * Shows messages and states until the connection has ended. `view` has `showReading(reading)` and
 * `showState(state, words)`.
 */
export async function follow(connection, view) {
  await Promise.all([showStates(connection, view), showReadings(connection, view)])
}

async function showStates(connection, view) {
  for await (const state of connection.states()) view.showState(state.type, describe(state))
}

async function showReadings({ incoming }, view) {
  for (;;) {
    // The `closed` state reports the end, with its reason.
    const next = await incoming.receiveCatching()
    if (next.type === 'closed') return
    view.showReading(JSON.parse(next.value.readText()))
  }
}

/** Formats a duration in its two largest units: `11 min 40 s`, `2 h 5 min`. */
export function inUnits(seconds) {
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ]
  const first = units.findIndex(([, size]) => seconds >= size)
  if (first === -1) return '0 s'
  let rest = seconds
  const parts = units.slice(first, first + 2).map(([unit, size]) => {
    const amount = Math.floor(rest / size)
    rest -= amount * size
    return amount === 0 ? null : `${amount} ${unit}`
  })
  return parts.filter((part) => part !== null).join(' ')
}

/** Describes a state for people. */
export function describe(state) {
  switch (state.type) {
    case 'connecting':
      return state.setback === null ? 'Connecting…' : 'Connecting again…'
    case 'open':
      return 'Connected'
    case 'waiting':
      return `${why(state.setback)}. Trying again in ${(state.delay / 1000).toFixed(1)} s`
    default:
      return state.end.cause === null ? 'Closed' : 'Closed because of an error on this page'
  }
}

function why({ info }) {
  if (info === null) return 'The server cannot be reached'
  return info.reason.code === 1001 ? 'The server went away' : 'The connection was lost'
}
