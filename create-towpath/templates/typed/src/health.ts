import type { RequestListener } from 'node:http'

/** Answers the probes of Kubernetes, and nothing else. */
export const health: RequestListener = (request, response) => {
  const isProbe = request.url === '/live' || request.url === '/ready'
  response.writeHead(isProbe ? 200 : 404, { 'content-type': 'text/plain' })
  response.end(isProbe ? 'ok\n' : 'not found\n')
}
