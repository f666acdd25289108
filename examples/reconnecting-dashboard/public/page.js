/**
 * The dashboard page: one reconnecting connection, and the elements that show it. It loads the
 * built library; an application would use a bundler.
 */

import { connect } from '/towpath/browser-client.js'
import { Chart, drawChart } from '/chart.js'
import { follow, inUnits } from '/reconnecting-dashboard/dashboard.js'

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
$('again').addEventListener('click', () => location.reload())

const clockTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const cpu = new Chart()
const memory = new Chart()

/** Also called without a reading, so that the time goes on while the server is away. */
function drawCharts() {
  const now = performance.now() / 1000
  const percent = (value) => `${numbers.format(value)} %`
  const mebibytes = (value) => `${numbers.format(value)} MiB`
  drawChart($('cpu-chart'), cpu, { now, atLeast: 2, format: percent })
  drawChart($('memory-chart'), memory, { now, atLeast: 50, format: mebibytes })
}

setInterval(drawCharts, 1000)
drawCharts()

await follow(connection, {
  showReading({ uptimeSeconds, memoryMiB, viewers, cpuPercent }) {
    $('uptime').textContent = inUnits(uptimeSeconds)
    $('cpu').textContent = `${numbers.format(cpuPercent)} %`
    $('memory').textContent = `${numbers.format(memoryMiB)} MiB`
    $('viewers').textContent = numbers.format(viewers)
    cpu.add(performance.now() / 1000, cpuPercent)
    memory.add(performance.now() / 1000, memoryMiB)
    drawCharts()
  },
  showState(state, words) {
    $('state').dataset.state = state
    $('state').textContent = words
    $('drop').disabled = state !== 'open'
    $('retry').disabled = state !== 'waiting'
    for (const id of ['readings', 'charts']) $(id).classList.toggle('stale', state !== 'open')
    for (const id of ['drop', 'retry', 'close']) $(id).hidden = state === 'closed'
    $('again').hidden = state !== 'closed'
    const line = document.createElement('li')
    const now = new Date()
    const time = document.createElement('time')
    time.dateTime = now.toISOString()
    time.textContent = clockTime.format(now)
    line.append(time, words)
    $('states').prepend(line)
    while ($('states').childElementCount > 50) $('states').lastElementChild.remove()
  },
})
