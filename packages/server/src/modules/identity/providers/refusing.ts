import { Refusal } from '@muster/protocol'
import { OutboundError } from '../../../platform/outbound.ts'

/** How soon a provider that does not answer may be tried again. */
const comeBackS = 5
const causesMax = 5

/** What went wrong is for the log, as words alone: errors of libraries carry along whole answers, tokens included. */
export function unavailable(cause: unknown, retryAfterS = comeBackS): Refusal {
  const words: string[] = []
  for (let at = cause; at instanceof Error && words.length < causesMax; at = at.cause) {
    if (at instanceof OutboundError && at.trouble === 'busy') return new Refusal('BUSY', { retryAfterS: 1 })
    const { error } = at as { error?: unknown }
    words.push(typeof error === 'string' ? `${at.message} (${error.slice(0, 64)})` : at.message)
  }
  return new Refusal('PROVIDER_UNAVAILABLE', { retryAfterS, cause: new Error(words.join(': ')) })
}

export const notVouched = (detail: string): Refusal => new Refusal('INVALID_PROVIDER_TOKEN', { detail })

/** Of a shape that no provider of this kind hands out. */
export const misshapen = (field: string, problem: string): Refusal =>
  new Refusal('INVALID_REQUEST', { detail: `body.${field} ${problem}`, fields: [{ field: `body.${field}`, problem }] })
