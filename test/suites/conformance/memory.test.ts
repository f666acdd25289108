import { memoryHost } from '../../support/hosts.ts'
import { conformance } from './conformance.ts'
import { serverSubject } from './subject.ts'

conformance(serverSubject(memoryHost()))
