/**
 * How every tool that may fail ends: with a sentence and exit code 1, or with nothing and 0.
 */

/**
 * Runs `main`. Of an error the message is printed; where it was thrown is shown with `DEBUG` set.
 */
export async function runTool(main: () => void | Promise<void>): Promise<void> {
  try {
    await main()
  } catch (error) {
    const isPlain = error instanceof Error && process.env['DEBUG'] === undefined
    console.error(isPlain ? error.message : error)
    process.exitCode = 1
  }
}
