/**
 * Starts the server with some traffic, and says where everything is. Ctrl-C stops it.
 */

import { openWebSocket } from 'towpath/client'
import { startMetered } from './metrics.ts'
import { knock, trade, visit } from './traffic.ts'

const { server, metricsUrl, stop } = await startMetered(8080, 9464)
const url = `ws://127.0.0.1:${server.address.port}`
console.log(`metrics: ${metricsUrl}\nhealth:  http://127.0.0.1:${server.address.port}/ready`)

for (const name of ['a', 'b', 'c']) {
  const session = await openWebSocket(`${url}/ticks/${name}`)
  void session.incoming.consumeEach(() => {})
}
const traders = [await trade(url, 'canal'), await trade(url, 'canal'), await trade(url, 'lock')]
const visits = setInterval(() => {
  for (const trader of traders) trader.tell(100 + Math.random())
  const code = Math.random() < 0.8 ? 1000 : 4001
  void visit(url, Math.ceil(Math.random() * 20), code)
  if (Math.random() < 0.2) void knock(url)
}, 250)

process.once('SIGINT', () => {
  clearInterval(visits)
  void stop().then(() => process.exit())
})
