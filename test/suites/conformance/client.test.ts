import { conformance } from './conformance.ts'
import { clientSubject } from './subject.ts'

conformance(clientSubject())
