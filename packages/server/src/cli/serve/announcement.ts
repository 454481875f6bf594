import type { RunningServer } from '../../main.ts'
import { timeText } from '../../platform/clock.ts'

/** What a program that starts Muster with a channel is told when it serves. */
export type Serving = Pick<RunningServer, 'url' | 'firstOperator'>

/** Where to go, for who started Muster in a terminal. */
export function welcomeText(url: string, described: string): string {
  return `
  Muster answers on ${url}

    ${url}/openapi.json   every call there is
    ${url}/healthz        alive?    ${url}/readyz   ready?
    ${url}/metrics        for Prometheus

  It stands on ${described}.
  See it play: npx muster demo, in a second terminal. Ctrl+C stops it.

`
}

/** The first operator's password, which is kept nowhere: whoever misses it makes a key with `muster keys create`. Where lines
 *  of a log are gathered it is one of them, but not by way of the log, which blots out passwords. */
export function showFirstOperator(
  operator: RunningServer['firstOperator'],
  to: NodeJS.WritableStream,
  asLogLine: { at: number } | null,
): void {
  if (operator === null) return
  if (asLogLine !== null) {
    const msg =
      'the first operator may sign in now (POST /auth/login); the password is shown this once and kept nowhere'
    to.write(`${JSON.stringify({ level: 30, at: timeText(asLogLine.at), ...operator, msg })}\n`)
    return
  }
  to.write(`  The first operator may sign in now. The password is shown this once and kept nowhere:

    username  ${operator.username}
    password  ${operator.password}

`)
}
