/**
 * The conversation on the screen: groups by author, lines between, what is unread, where it scrolls.
 * Everything that people wrote goes in as text content: it cannot become markup.
 */

const GROUP_MS = 5 * 60_000
/** This near to the end counts as "reading along", in CSS pixels. */
const NEAR_END_PX = 60
/** The oldest lines leave the page when there are more; nobody scrolls that far. */
const MAX_LINES = 500

const clockTime = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const dayAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' })

/** A colour of one's own, the same on every page: an angle on the colour wheel. */
export function hueOf(name) {
  let hash = 0x811c9dc5
  for (const character of name.toLowerCase()) {
    hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193) // FNV-1a
  }
  return (Math.imul(hash, 0x9e3779b1) >>> 12) % 360 // names that are alike get colours that are not
}

/** The round mark with the first letter of a name. */
export function createAvatar(name) {
  const avatar = create('span', 'avatar', [...name][0].toUpperCase())
  avatar.style.setProperty('--hue', String(hueOf(name)))
  avatar.setAttribute('aria-hidden', 'true')
  return avatar
}

/** An element with a class and text, and nothing that is not text. */
export function create(tag, className, text = '') {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = text
  return element
}

export class MessageList {
  #scroller
  #list
  #unreadChanged
  #unread = 0
  #waiting = new Map()
  #lastAuthor = null
  #lastAt = 0

  /** `unreadChanged(count)` is called whenever the number of unread messages changes. */
  constructor(scroller, list, unreadChanged) {
    this.#scroller = scroller
    this.#list = list
    this.#unreadChanged = unreadChanged
    scroller.addEventListener('scroll', () => this.#readIfSeen(), { passive: true })
    document.addEventListener('visibilitychange', () => this.#readIfSeen())
    // A keyboard that slides in, or a field that grows, must not hide the last message.
    let wasAtEnd = true
    scroller.addEventListener('scroll', () => (wasAtEnd = this.#isAtEnd()), { passive: true })
    new ResizeObserver(() => wasAtEnd && this.scrollToEnd()).observe(scroller)
  }

  /** Shows a message that was said. `own` puts it on the other side; `replayed` is no news. */
  addMessage({ ref, name, text, at }, { own, replayed }) {
    const follow = own || this.#isAtEnd()
    this.#waiting.get(ref)?.remove()
    this.#waiting.delete(ref)

    const continues = this.#lastAuthor === name && at - this.#lastAt < GROUP_MS
    const item = createMessage({ name, text, at }, { own, continues })
    this.#append(item)
    this.#lastAuthor = name
    this.#lastAt = at
    this.#arrived(follow, !own && !replayed)
  }

  /** Shows an own message that has not come back; `addMessage` with its `ref` takes its place. */
  addWaiting({ ref, text }, name) {
    const continues = this.#lastAuthor === name || this.#waiting.size > 0
    const item = createMessage({ name, text, at: Date.now() }, { own: true, continues })
    item.classList.add('waiting')
    item.append(create('span', 'visually-hidden', 'Not sent yet'))
    this.#waiting.set(ref, item)
    this.#list.append(item)
    this.scrollToEnd()
  }

  /** How many own messages have not come back. */
  get waitingCount() {
    return this.#waiting.size
  }

  /** Says of an own message that it was not sent. */
  failWaiting(ref) {
    const item = this.#waiting.get(ref)
    if (item === undefined) return
    this.#waiting.delete(ref)
    item.classList.replace('waiting', 'failed')
    item.lastElementChild.className = 'failure'
    item.lastElementChild.textContent = 'Not sent'
  }

  /** A line about the conversation rather than in it. `kind` is `note` or `break`. */
  addLine(text, kind = 'note') {
    const follow = this.#isAtEnd()
    this.#append(create('li', `line ${kind}`, text))
    this.#lastAuthor = null
    this.#arrived(follow, false)
  }

  clear() {
    this.#list.replaceChildren()
    this.#waiting.clear()
    this.#lastAuthor = null
    this.#setUnread(0)
  }

  scrollToEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight
  }

  /** What waits stays at the end: it will be said later than anything that is there. */
  #append(item) {
    const [firstWaiting] = this.#waiting.values()
    this.#list.insertBefore(item, firstWaiting ?? null)
    if (this.#list.childElementCount > MAX_LINES) this.#list.firstElementChild.remove()
  }

  #arrived(follow, isNews) {
    if (follow && !document.hidden) this.scrollToEnd()
    else if (isNews) this.#setUnread(this.#unread + 1)
  }

  #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller
    return scrollHeight - scrollTop - clientHeight < NEAR_END_PX
  }

  #readIfSeen() {
    if (!document.hidden && this.#isAtEnd()) this.#setUnread(0)
  }

  #setUnread(count) {
    if (this.#unread === count) return
    this.#unread = count
    this.#unreadChanged(count)
  }
}

function createMessage({ name, text, at }, { own, continues }) {
  const item = create('li', `message${own ? ' own' : ''}${continues ? ' continues' : ''}`)
  const moment = new Date(at)
  const time = create('time', 'time', clockTime.format(moment))
  time.dateTime = moment.toISOString()
  time.title = dayAndTime.format(moment)

  const heading = create('p', `heading${continues ? ' visually-hidden' : ''}`)
  heading.append(create('bdi', 'author', name), ' ', time)
  const bubble = create('p', 'bubble', text)
  bubble.dir = 'auto'
  item.append(createAvatar(name), heading, bubble)
  return item
}
