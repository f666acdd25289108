/**
 * Completes the options: asks for what is missing, on a terminal, or takes the defaults.
 */

import { createInterface } from 'node:readline'
import { TEMPLATES } from './create.mjs'
import { CreateError } from './options.mjs'

const DEFAULT_NAME = 'my-towpath'
const DEFAULT_TEMPLATE = 'minimal'

/**
 * Returns the options of `createProject`. It asks only if `input` and `output` are terminals, and
 * not with `--yes`.
 *
 * @throws {CreateError} if the name is missing and may not be asked for, and if the input ends
 *   before the questions are answered.
 */
export async function complete({ folder, template, yes, towpath }, { input, output }) {
  const isMissing = folder === null || template === null
  if (isMissing && !yes && input.isTTY && output.isTTY) {
    return { towpath, ...(await ask({ folder, template }, input, output)) }
  }
  if (folder === null) {
    throw new CreateError('Cannot create a project: it has no name, expected "create-towpath NAME"')
  }
  return { towpath, folder, template: template ?? DEFAULT_TEMPLATE }
}

async function ask({ folder, template }, input, output) {
  const terminal = createInterface({ input, output })
  const lines = terminal[Symbol.asyncIterator]()
  let hasEnded = false
  terminal.once('close', () => {
    hasEnded = true
  })
  try {
    const name = folder ?? (await answer(`Name of the project (${DEFAULT_NAME}): `))
    if (template === null) output.write(listOfTemplates())
    const chosen = template ?? (await answer(`Template (${DEFAULT_TEMPLATE}): `))
    return { folder: name || DEFAULT_NAME, template: chosen || DEFAULT_TEMPLATE }
  } finally {
    terminal.close()
  }

  async function answer(question) {
    // The lines that have come are still read after the end. From Node 24 on, `prompt` then throws.
    if (!hasEnded) {
      terminal.setPrompt(question)
      terminal.prompt()
    }
    const { done, value } = await lines.next()
    // Ctrl-C and Ctrl-D end the input.
    if (done) throw new CreateError('Cannot create a project: the questions were not answered')
    return value.trim()
  }
}

function listOfTemplates() {
  const lines = Object.entries(TEMPLATES).map(
    ([name, { about }]) => `  ${name.padEnd(8)} ${about}\n`,
  )
  return `\n${lines.join('')}`
}
