import { type Links, type LoginId, type PlayerId, type Proof, Refusal, type Tokens } from '@muster/protocol'
import { timeText } from '../../platform/clock.ts'
import type { Tx } from '../../platform/db.ts'
import type { Metrics } from '../../platform/metrics.ts'
import type { Random } from '../../platform/random.ts'
import type { AccountsGround } from './accounts.ts'
import type { IdentityOptions } from './config.ts'
import { namelessGuest, nameOfGuest } from './domain.ts'
import type { Provider, Providers, Vouched } from './providers/index.ts'
import type { OutsideIdentity } from './store/index.ts'

/** Signing in with what somebody else knows a player as, and which of that belongs to whom. */
export interface Outside {
  /** Whoever comes for the first time becomes the player that is named here. */
  signIn(
    request: { provider: string; proof: Proof; player: PlayerId },
    address: string,
  ): Promise<{ tokens: Tokens; isNew: boolean }>
  /** Linking again what is linked already is no error. */
  link(
    who: { player: PlayerId; login: LoginId },
    request: { provider: string; proof: Proof },
    address: string,
  ): Promise<Tokens>
  unlink(who: { player: PlayerId; login: LoginId }, provider: string, address: string): Promise<void>
  linksOf(player: PlayerId): Promise<Links>
}

interface OutsideGround extends Omit<AccountsGround, 'hasher'> {
  providers: Providers
  random: Random
  metrics: Metrics
}

/** An identity may be linked or unlinked between two looks at it, but not for ever. */
const triesMax = 3
const crowded = () => new Refusal('BUSY', { retryAfterS: 1 })

export function createOutside(ground: OutsideGround, { loginsMax }: Pick<IdentityOptions, 'loginsMax'>): Outside {
  const { clock, random, db, store, providers, throttle, logins, endings, addresses } = ground
  const outcomes = ground.metrics.counter('identity_provider_sign_ins_total', 'Sign-ins and links, by outcome', [
    'provider',
    'outcome',
  ])

  /** Has the provider judge. Only what it does not vouch for counts as a try that failed. */
  async function vouch(name: string, provider: Provider, proof: Proof, address: string): Promise<Vouched> {
    const tried = await throttle.tryProvider(address)
    try {
      const vouched = await provider.vouch(proof)
      await tried.takeBack()
      return vouched
    } catch (error) {
      const code = error instanceof Refusal ? error.code : 'INTERNAL'
      outcomes.inc({ provider: name, outcome: code.toLowerCase() })
      if (code === 'INVALID_PROVIDER_TOKEN') {
        const entry = { at: clock.now(), what: 'sign_in_failed', address: addresses.kept(address) } as const
        await db.once((tx) => store.audit.append(tx, entry))
      } else await tried.takeBack()
      throw error
    }
  }

  /** Nicks of accounts need not be unique, but nobody should be called like everybody. */
  const freshNick = () => `${namelessGuest}${Math.floor(random.fraction() * 1e6)}`

  async function enter(identity: OutsideIdentity, player: PlayerId, address: string): Promise<Tokens | null> {
    const fresh = logins.fresh(address)
    const audit = { at: clock.now(), what: 'signed_in', player, address: addresses.kept(address) } as const
    const request = { player, passwordHash: null, link: identity, login: fresh.login, audit }
    const bearer = await db.once((tx) => store.logins.open(tx, request))
    if (bearer === null) return null
    await db.transact((tx) => endings.end(tx, { player, beyond: loginsMax }, 'crowded'))
    return logins.tokensOf(bearer, fresh)
  }

  async function become(player: PlayerId, identity: OutsideIdentity, nick: string, address: string) {
    const at = clock.now()
    const fresh = logins.fresh(address)
    const audit = { at, what: 'registered', player, login: fresh.login.id, address: addresses.kept(address) } as const
    const made = await db.once((tx) => store.links.create(tx, { player, ...identity, nick, at }, fresh.login, audit))
    return made ? logins.tokensOf({ player, nick, guest: false, endsAt: fresh.login.endsAt }, fresh) : null
  }

  /** Whether another way would be left to who gives up this one. */
  async function hasOtherWay(tx: Tx, player: PlayerId, issuer: string): Promise<boolean> {
    const account = await store.accounts.of(tx, player)
    if (account !== null && account.passwordHash !== null) return true
    const links = await store.links.of(tx, player)
    return links.some((link) => link.issuer !== issuer && providers.nameOf(link.issuer) !== null)
  }

  return {
    async signIn({ provider: name, proof, player }, address) {
      const provider = providers.named(name)
      const { subject, nick } = await vouch(name, provider, proof, address)
      const identity = { issuer: provider.issuer, subject }
      const counted = (outcome: string) => outcomes.inc({ provider: name, outcome })

      for (let tries = 0; tries < triesMax; tries++) {
        const owner = await db.once((tx) => store.links.ownerOf(tx, identity))
        if (owner === null) {
          if (tries === 0) await throttle.register(address)
          const tokens = await become(player, identity, nick ?? freshNick(), address)
          if (tokens === null) continue
          counted('new')
          return { tokens, isNew: true }
        }
        if (owner.bannedUntil !== null && owner.bannedUntil > clock.now()) {
          counted('banned')
          throw new Refusal('FORBIDDEN', { detail: `This account is banned until ${timeText(owner.bannedUntil)}.` })
        }
        const tokens = await enter(identity, owner.player, address)
        if (tokens === null) continue
        counted('good')
        return { tokens, isNew: false }
      }
      throw crowded()
    },

    async link({ player, login }, { provider: name, proof }, address) {
      const provider = providers.named(name)
      const { issuer } = provider
      const { subject, nick } = await vouch(name, provider, proof, address)
      const tokens = await db.transact(async (tx) => {
        const person = await store.links.lock(tx, player)
        if (person === null) throw new Refusal('UNAUTHENTICATED')
        const at = clock.now()
        if (await store.links.add(tx, { player, issuer, subject, at })) {
          await store.links.settle(tx, player, nameOfGuest(person.nick) ?? nick ?? freshNick())
          const audit = { at, what: 'linked', player, login, address: addresses.kept(address) } as const
          await store.audit.append(tx, audit)
        } else {
          const owner = await store.links.ownerOf(tx, { issuer, subject })
          if (owner === null) throw new Refusal('ALREADY_LINKED')
          if (owner.player !== player) throw new Refusal('LINK_TAKEN')
        }
        const renewed = await logins.renew(tx, login)
        if (renewed === null) throw new Refusal('UNAUTHENTICATED')
        return renewed
      })
      outcomes.inc({ provider: name, outcome: 'linked' })
      return tokens
    },

    async unlink({ player, login }, name, address) {
      const { issuer } = providers.named(name)
      await db.transact(async (tx) => {
        if ((await store.links.lock(tx, player)) === null) throw new Refusal('UNAUTHENTICATED')
        const isLinked = (await store.links.of(tx, player)).some((link) => link.issuer === issuer)
        if (!isLinked) throw new Refusal('LINK_NOT_FOUND')
        if (!(await hasOtherWay(tx, player, issuer))) throw new Refusal('LAST_WAY_IN')
        await store.links.remove(tx, player, issuer)
        // Who unlinks may do so because somebody else has that identity now.
        await endings.end(tx, { player, except: login }, 'unlinked')
        const audit = { at: clock.now(), what: 'unlinked', player, login, address: addresses.kept(address) } as const
        await store.audit.append(tx, audit)
      })
    },

    linksOf: (player) =>
      db.once(async (tx) => {
        const account = await store.accounts.of(tx, player)
        const links = await store.links.of(tx, player)
        return {
          password: account !== null && account.passwordHash !== null,
          links: links.flatMap(({ issuer, linkedAt }) => {
            const provider = providers.nameOf(issuer)
            return provider === null ? [] : [{ provider, linked_at: timeText(linkedAt) }]
          }),
        }
      }),
  }
}
