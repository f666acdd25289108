/**
 * The page of the task list: requests, a stream and events, without schemas. It loads the built
 * library; an application would use a bundler, and `contractOf<typeof tasks>` for the types.
 */

import { TowpathError, webSocket } from '/towpath/browser-client.js'
import { contractOf, RequestFailedError, streams, typedPage } from '/towpath/messages/page/index.js'

const PROTOCOL = 'tasks.1+json'
/** The oldest messages leave the page when there are more. */
const MAX_MESSAGES = 50

const $ = (id) => document.getElementById(id)
/** The elements of the tasks, by their ids. */
const shown = new Map()
/** Sends requests; `null` without a session. */
let request = null

$('add').addEventListener('submit', (event) => {
  event.preventDefault()
  void add($('title').value)
})
$('missing').addEventListener('click', () => void ask('finish', { id: 0 }))
$('again').addEventListener('click', () => void follow())

await follow()

/** Follows the list until the session ends. */
async function follow() {
  showState('connecting', 'Connecting…')
  try {
    await webSocket('/contract/tasks', { protocols: [PROTOCOL] }, async (session) => {
      const page = typedPage(session, contractOf(PROTOCOL), { features: [streams] })
      request = page.request
      showState('open', 'Connected')
      for (const { element } of shown.values()) element.remove()
      shown.clear()
      $('none').hidden = false
      // Events that arrive meanwhile wait in `incoming`.
      for await (const task of page.stream('all')) {
        showMessage('item', 'all', task)
        showTask(task)
      }
      for await (const { type, data } of page.incoming) {
        showMessage('event', type, data)
        showTask(data)
      }
    })
    showState('closed', 'Closed')
  } catch (error) {
    if (!(error instanceof TowpathError)) throw error
    const isLost = error instanceof RequestFailedError
    showState('closed', isLost ? 'The connection was lost' : 'The server cannot be reached')
  } finally {
    request = null
  }
}

async function add(title) {
  const task = await ask('add', { title })
  if (task === null) return
  $('title').value = ''
  $('title').focus()
}

/** Asks, and shows the question and the answer. @returns `null` for a failure. */
async function ask(type, data) {
  showMessage('request', type, data)
  $('problem').textContent = ''
  try {
    const task = await request(type, data)
    showMessage('response', type, task)
    return task
  } catch (error) {
    if (!(error instanceof RequestFailedError)) throw error
    showMessage('failure', `${type}: ${error.failure}`, error.data ?? error.issues)
    $('problem').textContent = describe(error)
    return null
  }
}

function describe({ failure, data, issues }) {
  switch (failure) {
    case 'NO_SUCH_TASK':
      return `There is no task ${data.id}.`
    case 'LIST_IS_FULL':
      return 'The list is full.'
    case 'INVALID':
      return issues?.[0]?.message ?? 'The server does not accept this.'
    default:
      return `There was no answer (${failure}).`
  }
}

/** Shows a task for the first time, or as it is now. */
function showTask({ id, title, done }) {
  const task = shown.get(id) ?? createTask(id)
  task.element.classList.toggle('done', done)
  task.title.textContent = title
  if (done) task.finish.replaceWith(create('span', 'finished', 'Done'))
}

function createTask(id) {
  const element = create('li', 'task')
  const title = create('span', 'title')
  const finish = create('button', 'small', 'Finish')
  finish.type = 'button'
  finish.setAttribute('aria-label', `Finish task ${id}`)
  finish.addEventListener('click', () => request !== null && void ask('finish', { id }))
  element.append(create('span', 'number', `${id}`), title, finish)
  $('tasks').append(element)
  const task = { element, title, finish }
  shown.set(id, task)
  $('none').hidden = true
  return task
}

function showMessage(kind, name, data) {
  const line = create('li', kind)
  const value = create('span', 'mono', `${name} ${JSON.stringify(data)}`)
  line.append(create('span', 'kind', kind), value)
  $('messages').prepend(line)
  while ($('messages').childElementCount > MAX_MESSAGES) $('messages').lastElementChild.remove()
}

function showState(state, words) {
  $('state').dataset.state = state
  $('state').textContent = words
  for (const button of [$('add').querySelector('button'), $('missing')]) {
    button.disabled = state !== 'open'
  }
  $('again').hidden = state !== 'closed'
}

/** An element with a class and text, and nothing that is not text. */
function create(tag, className, text = '') {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = text
  return element
}
