import { type KeyId, type PlayerId, Refusal } from '@muster/protocol'
import { type Clock, timeText } from '../../../platform/clock.ts'
import type { Db } from '../../../platform/db.ts'
import { plainAddress, type Target, targetIn, targetText } from '../../../platform/outgoing/addresses.ts'
import type { Outgoing } from '../../../platform/outgoing/line.ts'
import type { DialectsOptions } from '../config.ts'
import type { DialectsNeeds } from '../needs.ts'
import { type Credentials, serverAt } from './credentials.ts'
import type { Keeper } from './keeper.ts'
import { type Asked, type Handlers, playerIn } from './messages.ts'
import type { MatchServerStore } from './store.ts'

export type OffersNeeds = Pick<DialectsNeeds, 'offered' | 'serverAccounts' | 'mintId'> & {
  clock: Clock
  db: Db
  store: MatchServerStore
  outgoing: Outgoing
  credentials: Credentials
  keeper: Keeper
}

/** The account that calls, and the API key that it acts as. Throws FORBIDDEN for every account but a match server's. */
export async function serverAccountOf(
  { serverAccounts }: Pick<DialectsNeeds, 'serverAccounts'>,
  asked: Asked,
): Promise<{ account: PlayerId; key: KeyId }> {
  const { player: account } = playerIn(asked)
  const key = await serverAccounts.keyOf(account)
  if (key !== null) return { account, key }
  throw new Refusal('FORBIDDEN', {
    detail: 'This message takes an account that was registered with `serverUser`, whose API key is still good.',
  })
}

const wrong = (field: string, problem: string): Refusal =>
  new Refusal('INVALID_REQUEST', { detail: `${field} ${problem}`, fields: [{ field, problem }] })

/** OfferMatchServer and RevokeMatchServer. Each address is one server, for one match at a time. */
export function offerMessages(
  needs: OffersNeeds,
  options: DialectsOptions,
): Pick<Handlers, 'OfferMatchServer' | 'RevokeMatchServer'> {
  const { clock, db, store, outgoing, offered, credentials, keeper } = needs

  const targetsIn = (addresses: readonly string[]): Target[] =>
    addresses.map((address, at) => {
      const target = targetIn(address)
      if (target === null) throw wrong(`body.address.${at}`, 'must be `host:port`, an IP address in its plain spelling')
      return target
    })

  function expiryIn(text: string): number {
    const at = Date.parse(text)
    const now = clock.now()
    if (at <= now) throw wrong('body.expires', 'is over already')
    if (at <= now + options.offerLifeMaxS * 1_000) return at
    throw wrong('body.expires', `lies more than ${options.offerLifeMaxS} s ahead; offer again before it expires`)
  }

  function modesIn(wanted: readonly string[] | undefined): readonly string[] {
    const may = options.matchServerModes
    const stranger = may === undefined ? undefined : wanted?.find((mode) => !may.includes(mode))
    if (stranger === undefined) return wanted ?? may ?? []
    throw new Refusal('FORBIDDEN', { detail: `Servers that offer themselves are not given matches of ${stranger}.` })
  }

  /** Where each leads now, by its text: a name is another spelling of an address. */
  async function requireAllowed(targets: readonly Target[]): Promise<Map<string, string[]>> {
    const reached = new Map<string, string[]>()
    await Promise.all(
      targets.map(async (target) => {
        const hosts = await outgoing.addressesOf(target, options.probeTimeoutMs)
        const { port } = target
        reached.set(
          targetText(target),
          hosts.map((host) => targetText({ host: plainAddress(host), port })),
        )
      }),
    )
    const refused = [...reached].filter(([, to]) => to.length === 0).map(([text]) => text)
    if (refused.length === 0) return reached
    throw new Refusal('ADDRESS_NOT_ALLOWED', {
      detail: `${refused.join(', ')}: not among the addresses that an operator allows, or not known.`,
    })
  }

  return {
    async OfferMatchServer({ address, expires, modes: wanted, restarted }, asked) {
      const { account, key } = await serverAccountOf(needs, asked)
      const targets = targetsIn(address)
      const expiresAt = expiryIn(expires)
      const modes = modesIn(wanted)
      const reached = await requireAllowed(targets)
      const texts = [...reached.keys()].sort()
      await db.transact(async (tx) => {
        await store.lockKey(tx, key)
        for (const text of texts) {
          const server = serverAt(text)
          const offer = { server, account, key, address: text, expiresAt, reached: reached.get(text) ?? [] }
          if (!(await store.putOffer(tx, offer, clock.now()))) {
            const detail = `${text} is offered already, by another account or in another spelling.`
            throw new Refusal('SERVER_ID_TAKEN', { detail })
          }
          const { host, port } = targetIn(text) as Target
          const registration = {
            ...{ id: server, name: text.slice(0, 64), address: host, ports: { game: port } },
            ...{ capacity: options.matchServerCapacity, sessionsMax: 1, region: null, modes, maps: [] },
            labels: { offered: 'true' },
          }
          await offered.open(tx, key, needs.mintId('instance'), registration, restarted === true)
        }
        if ((await store.countOffers(tx, key)) > options.offersMax) throw new Refusal('SERVERS_FULL')
      })
      keeper.nudge()
      const prepareKey = credentials.prepareKeyOf(account).toString('hex')
      return {
        body: { type: 'MatchServerOffered', address: texts, expires: timeText(expiresAt), prepareKey },
        headers: { 'cache-control': 'no-store' },
      }
    },

    async RevokeMatchServer({ address }, asked) {
      const { account } = await serverAccountOf(needs, asked)
      const servers = address === undefined ? null : targetsIn(address).map((target) => serverAt(targetText(target)))
      const revoked = await db.once((tx) => store.revokeOffers(tx, account, servers, clock.now()))
      if (servers !== null && revoked.length === 0) {
        throw new Refusal('SERVER_NOT_FOUND', { detail: 'You do not offer any of these addresses.' })
      }
      await keeper.look(revoked)
      return { body: { type: 'MatchServerRevoked', address: revoked.map((offer) => offer.address).sort() } }
    },
  }
}
