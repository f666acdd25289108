import { doorSuite } from './doors.ts'

doorSuite('front door', { transport: 'auto' })
doorSuite("Node's HTTP server", { transport: 'stream' })
doorSuite('front door of TLS', { transport: 'auto', tls: true })
doorSuite("Node's HTTPS server", { transport: 'stream', tls: true, byteByByte: false })
