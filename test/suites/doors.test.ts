import { doorSuite } from './doors.ts'

doorSuite('front door', { transport: 'auto' })
doorSuite('front door over TLS', { transport: 'auto', tls: true })
doorSuite("Node's HTTP server", { transport: 'stream' })
doorSuite("Node's HTTPS server", { transport: 'stream', tls: true, byteByByte: false })
