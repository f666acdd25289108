/**
 * What the browser keeps for the chat: in this tab the name that is in a room and the tab's secret, and for
 * all tabs the last name and rooms. Without storage the page works, and forgets.
 */

export const ROOM_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]{0,31}$/u
const MAX_RECENT_ROOMS = 8

/** The secret with which this tab takes its own place again after a break or a reload. */
export function recallTabKey() {
  const key = recall('sessionStorage', 'towpath-chat-key') ?? randomToken()
  store('sessionStorage', 'towpath-chat-key', key)
  return key
}

/** Not `crypto.randomUUID`: that is missing where the page came over plain HTTP from another machine. */
export function randomToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function recentRooms() {
  const rooms = (recall('localStorage', 'towpath-chat-rooms') ?? '').split(' ')
  return rooms.filter((room) => ROOM_NAME.test(room))
}

export function rememberRoom(room) {
  const others = recentRooms().filter((other) => other !== room)
  const rooms = recentRooms().includes(room) ? recentRooms() : [room, ...others]
  store('localStorage', 'towpath-chat-rooms', rooms.slice(0, MAX_RECENT_ROOMS).join(' '))
}

/** `storage` is a name: where storage is turned off, to look at `sessionStorage` throws already. */
export function recall(storage, key) {
  try {
    return globalThis[storage].getItem(key)
  } catch {
    return null // storage is turned off: the page works, and forgets
  }
}

export function store(storage, key, value) {
  try {
    globalThis[storage].setItem(key, value)
  } catch {
    // Storage is turned off or full: the page works, and forgets.
  }
}

export function forget(storage, key) {
  try {
    globalThis[storage].removeItem(key)
  } catch {
    // Storage is turned off: there is nothing to forget.
  }
}
