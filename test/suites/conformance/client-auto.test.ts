import { nodeClientSubject } from '../../support/client-subject.ts'
import { conformance } from './conformance.ts'

conformance(nodeClientSubject('auto'))
