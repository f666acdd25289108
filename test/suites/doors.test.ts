import { doorSuite } from './doors.ts'

doorSuite('front door', { transport: 'auto' })
doorSuite("Node's HTTP server", { transport: 'stream' })
doorSuite("Node's HTTPS server", { transport: 'auto', tls: true, byteByByte: false })
