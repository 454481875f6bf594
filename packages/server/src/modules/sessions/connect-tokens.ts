import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { connectToken, type Dialect, keyBytes, nonceBytes, userDataBytes } from '@muster/netcode'
import type { PlayerId } from '@muster/protocol'
import { targetText } from '../../platform/outgoing/addresses.ts'
import type { StampedTicket } from './store.ts'

/** How a mode's servers take connect tokens. */
export interface NetcodeRules {
  dialect: Dialect
  protocolId: bigint
  timeoutS: number
  /** The host that servers believe theirs to be, where it is not the one that players are sent to. */
  internalHost: string | null
}

export interface ConnectTokensNeeds {
  draw(bytes: number): Uint8Array
  /** 32 bytes. */
  netcodeKeyOf(server: string, instance: string): Uint8Array
  netcodeOf(mode: string): NetcodeRules | null
}

/** A connect token beside a ticket, base64; null where the mode's servers take none, or are reached by a name, which no
 *  such token can hold. */
export const createConnectTokens =
  ({ draw, netcodeKeyOf, netcodeOf }: ConnectTokensNeeds) =>
  (seat: StampedTicket, now: number): string | null => {
    const rules = netcodeOf(seat.mode)
    if (rules === null) return null
    const internalHost = rules.internalHost ?? seat.host
    if (isIP(seat.host) === 0 || isIP(internalHost) === 0) return null
    const token = connectToken(
      {
        privateKey: netcodeKeyOf(seat.server, seat.instance),
        nonce: draw(nonceBytes),
        clientToServerKey: draw(keyBytes),
        serverToClientKey: draw(keyBytes),
        protocolId: rules.protocolId,
        clientId: clientIdOf(seat.player),
        createTimestamp: BigInt(Math.floor(now / 1_000)),
        expireTimestamp: BigInt(seat.endsAt / 1_000),
        timeoutSeconds: rules.timeoutS,
        publicAddresses: [targetText(seat)],
        internalAddresses: [targetText({ host: internalHost, port: seat.port })],
        userData: userDataOf(seat),
      },
      rules.dialect,
    )
    return Buffer.from(token).toString('base64')
  }

/** The same for a player each time, so that a server which knows the one before lets the player in once. */
export const clientIdOf = (player: PlayerId): bigint => createHash('sha256').update(player).digest().readBigUInt64LE(0)

/** JSON, filled up with zeros. The nick is left out where it does not fit. */
export function userDataOf({ session, player, role, team, guest, nick }: StampedTicket): Uint8Array {
  const says = { session, player, role, team, guest }
  const whole = Buffer.from(JSON.stringify({ ...says, nick }))
  const data = new Uint8Array(userDataBytes)
  // The last byte stays zero, so that whoever reads text up to a zero finds its end.
  data.set(whole.length < userDataBytes ? whole : Buffer.from(JSON.stringify(says)))
  return data
}
