import { doorSuite } from './doors.ts'

doorSuite('front door', 'auto')
doorSuite("Node's HTTP server", 'stream')
