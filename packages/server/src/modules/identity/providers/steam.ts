import { Refusal } from '@muster/protocol'
import type { Clock } from '../../../platform/clock.ts'
import { createOutbound } from '../../../platform/outbound.ts'
import type { SteamOptions } from './config.ts'
import type { Provider } from './provider.ts'
import { misshapen, notVouched, unavailable } from './refusing.ts'
import { steamVerdict } from './steam-answer.ts'

/** Steam ids are the same for all games. */
export const steamIssuer = 'steam'

/** Tickets are some hundred bytes, and never longer than 2,560. */
const ticketShape = /^(?:[0-9A-Fa-f]{2}){16,2560}$/
const answerBytesMax = 16_384

/** Steam's tickets, which only Steam can read: each is asked about. */
export function createSteamProvider({ clock, key }: { clock: Clock; key: string }, options: SteamOptions): Provider {
  const base = options.apiUrl.endsWith('/') ? options.apiUrl : `${options.apiUrl}/`
  const address = new URL('ISteamUserAuth/AuthenticateUserTicket/v1/', base)
  const { timeoutMs, callsMax } = options
  const outbound = createOutbound(
    { clock },
    { hosts: [address.host], timeoutMs, bytesMax: answerBytesMax, atOnceMax: callsMax },
  )

  async function verdictOn(ticket: string) {
    const url = new URL(address)
    url.searchParams.set('appid', String(options.appId))
    url.searchParams.set('ticket', ticket.toLowerCase())
    if (options.identity !== undefined) url.searchParams.set('identity', options.identity)
    try {
      // In a header, which Steam takes as well: addresses are written to logs on the way.
      const { status, text } = await outbound.call(url, { headers: { 'x-webapi-key': key } })
      return steamVerdict(status, text)
    } catch (error) {
      throw unavailable(error)
    }
  }

  return {
    issuer: steamIssuer,
    async vouch(proof) {
      if (!('token' in proof)) throw misshapen('token', 'is missing: Steam has tickets alone')
      if (proof.nonce !== undefined) throw misshapen('nonce', 'is not a field that goes with a ticket')
      if (!ticketShape.test(proof.token)) throw misshapen('token', 'must be: a ticket in hexadecimal digits')
      const verdict = await verdictOn(proof.token)
      if (verdict.kind === 'unavailable') throw unavailable(new Error(verdict.reason))
      if (verdict.kind === 'refused') throw notVouched(`${verdict.reason} Ask Steam for a new one.`)
      if (verdict.publisherBanned && !options.allowPublisherBanned) {
        throw new Refusal('FORBIDDEN', { detail: 'The publisher has banned this Steam account from the game.' })
      }
      if (verdict.vacBanned && !options.allowVacBanned) {
        throw new Refusal('FORBIDDEN', { detail: 'This Steam account has a VAC ban for the game.' })
      }
      if (verdict.ownerSteamId !== verdict.steamId && !options.familySharing) {
        throw new Refusal('FORBIDDEN', { detail: 'This Steam account does not own the game itself.' })
      }
      return { subject: verdict.steamId, nick: null }
    },
  }
}
