import { randomInt } from 'node:crypto'
import { type PlayerId, Refusal } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { MintId } from '../../platform/ids.ts'
import type { AddressPolicy } from './addresses.ts'
import type { Endings } from './endings.ts'
import type { Hasher } from './passwords/hasher.ts'
import type { IdentityStore } from './store/index.ts'

/** Who runs this Muster, and what they may do to players. */
export interface Operators {
  /** Makes the first operator's account; null where there is an operator already. The password is told here only. */
  first(): Promise<{ username: string; password: string } | null>
  /** Makes an account an operator's, or takes that away. False where the player has no account. */
  set(player: PlayerId, operator: boolean): Promise<boolean>
  /** Ends every login and refuses new ones, until then or for good. Throws PLAYER_NOT_FOUND. */
  ban(ban: { player: PlayerId; reason: string; untilMs?: number | null }, actor: string): Promise<void>
  /** False where the player is not banned. */
  unban(player: PlayerId, actor: string): Promise<boolean>
}

interface OperatorsGround {
  clock: Clock
  db: Db
  mintId: MintId
  store: IdentityStore
  hasher: Hasher
  endings: Endings
  addresses: AddressPolicy
}

/** Without what looks alike; 24 of them hold 138 bits. */
const letters = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789'
const passwordLength = 24
const triesMax = 5

const someLetters = (count: number) => Array.from({ length: count }, () => letters[randomInt(letters.length)]).join('')

export function createOperators({ clock, db, mintId, store, hasher, endings }: OperatorsGround): Operators {
  return {
    async first() {
      if ((await db.once((tx) => store.accounts.operators(tx))).length > 0) return null
      const password = someLetters(passwordLength)
      const passwordHash = await hasher.inTurn((hashing) => hashing.hash(password))
      for (let tries = 0; tries < triesMax; tries++) {
        // Somebody may have taken the plain name before there was an operator.
        const username = tries === 0 ? 'operator' : `operator-${someLetters(6).toLowerCase()}`
        const account = {
          ...{ player: mintId('player'), username, usernameKey: username, nick: username, passwordHash },
          ...{ operator: true, at: clock.now() },
        }
        const outcome = await db.transact((tx) => store.accounts.createFirstOperator(tx, account))
        if (outcome === 'made') {
          await endings.look()
          return { username, password }
        }
        if (outcome === 'exists') return null
      }
      throw new Error('No name was free for the first operator.')
    },
    async set(player, operator) {
      const done = await db.once((tx) => store.accounts.setOperator(tx, player, operator))
      await endings.look()
      return done
    },
    ban: ({ player, reason, untilMs = null }, actor) =>
      db.transact(async (tx) => {
        const at = clock.now()
        if (!(await store.players.ban(tx, { player, reason, at, until: untilMs })))
          throw new Refusal('PLAYER_NOT_FOUND')
        await endings.end(tx, { player }, 'banned')
        await store.audit.append(tx, { at, what: 'banned', player, actor })
      }),
    unban: (player, actor) =>
      db.transact(async (tx) => {
        const at = clock.now()
        if (!(await store.players.unban(tx, player, at))) return false
        await store.audit.append(tx, { at, what: 'unbanned', player, actor })
        return true
      }),
  }
}
