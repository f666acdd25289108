/** The names of extensions for other folders, beside `index.ts`. */

export {
  acceptOffers,
  agreeAnswers,
  answerHeader,
  offersOf,
  readExtensions,
  requireNoPerMessageDeflate,
} from './extension-list.ts'
export type { AgreedExtension } from './extension-list.ts'
export { MessageFrame, transform } from './message-frame.ts'
