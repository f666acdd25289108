/**
 * The dashboard page: one connection that comes back, and the elements that it is shown on. The library is served as it
 * was built; an application would have a bundler take it from the package.
 */

import { connect } from '/towpath/browser-client.js'
import { follow } from '/reconnecting-dashboard/dashboard.js'

const $ = (id) => document.getElementById(id)
const numbers = new Intl.NumberFormat()

const url = new URL('/reconnecting-dashboard/feed', location.href)
url.protocol = url.protocol.replace('http', 'ws')
const connection = connect(url, {
  heartbeat: { period: 10_000, timeout: 5_000 },
  whileAway: 'drop',
})

$('drop').addEventListener('click', () => void connection.send('drop'))
$('retry').addEventListener('click', () => connection.retryNow())
$('close').addEventListener('click', () => void connection.close())

await follow(connection, {
  showReading({ uptimeSeconds, memoryMiB, viewers }) {
    $('uptime').textContent = `${numbers.format(uptimeSeconds)} s`
    $('memory').textContent = `${numbers.format(memoryMiB)} MiB`
    $('viewers').textContent = numbers.format(viewers)
  },
  showState(state, words) {
    $('state').dataset.state = state
    $('state').textContent = words
    $('drop').disabled = state !== 'open'
    $('retry').disabled = state !== 'waiting'
    $('close').disabled = state === 'closed'
    const line = document.createElement('li')
    line.textContent = words
    $('states').prepend(line)
    while ($('states').childElementCount > 50) $('states').lastElementChild.remove()
  },
})
