/** `towpath/forwarded`: the origin of requests that come through a proxy. */

export { PackageMissingError } from '../packages/index.ts'
export { ForwardedHeaders } from './forwarded-headers.ts'
export type { ForwardedHeadersOptions } from './forwarded-headers.ts'
export type { ForwardedHeaderName } from './forwarding.ts'
export type { ProxyTrust } from './proxy-trust.ts'
