import { Refusal } from '@muster/protocol'
import { OutboundError } from '../../../platform/outbound.ts'

/** How soon a provider that does not answer may be tried again. */
const comeBackS = 5

/** The cause is for the log; whoever signs in is told no more than that the provider is at fault. */
export const unavailable = (cause: unknown, retryAfterS = comeBackS): Refusal =>
  cause instanceof OutboundError && cause.trouble === 'busy'
    ? new Refusal('BUSY', { retryAfterS: 1, cause })
    : new Refusal('PROVIDER_UNAVAILABLE', { retryAfterS, cause })

export const notVouched = (detail: string): Refusal => new Refusal('INVALID_PROVIDER_TOKEN', { detail })

/** Of a shape that no provider of this kind hands out. */
export const misshapen = (field: string, problem: string): Refusal =>
  new Refusal('INVALID_REQUEST', { detail: `body.${field} ${problem}`, fields: [{ field: `body.${field}`, problem }] })
