/**
 * The arguments of the command line.
 */

import { parseArgs } from 'node:util'

/** An error that the command line reports in one sentence, with exit code 1. */
export class CreateError extends Error {
  name = 'CreateError'
}

export const HELP = `Usage: npm create towpath@latest NAME -- [options]

  NAME                the folder to create, or an empty folder; "." is the current folder
  --template NAME     minimal (the default), chat, typed or fastify
  --towpath SPEC      the version of towpath, or the path of its tarball
  --yes, -y           ask nothing
  --help, -h          print this text
`

/**
 * Reads the arguments. `folder` and `template` are `null` when they are missing.
 *
 * @throws {CreateError} for an unknown option, and for a second name.
 */
export function readOptions(args) {
  const { values, positionals } = parse(args)
  if (positionals.length > 1) {
    throw new CreateError(
      `Cannot create a project: ${positionals.length} names were given, expected one`,
    )
  }
  return {
    folder: positionals[0] ?? null,
    template: values.template ?? null,
    towpath: values.towpath ?? null,
    yes: values.yes ?? false,
    help: values.help ?? false,
  }
}

function parse(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        template: { type: 'string' },
        towpath: { type: 'string' },
        yes: { type: 'boolean', short: 'y' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    // Node says which option, and why, in its first sentence.
    const [sentence] = error.message.split('. ')
    throw new CreateError(
      `Cannot read the options: ${printable(sentence)}, expected --help for a list`,
    )
  }
}

/** Replaces control characters, which could change the terminal. */
export function printable(text) {
  return text.replaceAll(/\p{Cc}/gu, '?')
}
