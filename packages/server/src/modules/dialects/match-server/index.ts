import { type MatchServerRequest, matchServerContracts, type PlayerId } from '@muster/protocol'
import { timeText } from '../../../platform/clock.ts'
import type { Tx } from '../../../platform/db.ts'
import { type Call, type Route, route } from '../../../platform/http/route.ts'
import { allowListOf } from '../../../platform/outgoing/addresses.ts'
import { createOutgoing } from '../../../platform/outgoing/line.ts'
import { type Repeating, repeating } from '../../../platform/repeat.ts'
import type { DialectsOptions } from '../config.ts'
import type { DialectsNeeds } from '../needs.ts'
import { accountMessages } from './accounts.ts'
import { createCompleting } from './completing.ts'
import { createCredentials } from './credentials.ts'
import { createKeeper } from './keeper.ts'
import type { Answered, Asked, Handlers } from './messages.ts'
import { offerMessages } from './offers.ts'
import { playerMessages } from './players.ts'
import { createPreparer } from './preparer.ts'
import { sqlMatchServerStore } from './store.ts'

/**
 * The match server dialect: one object with a `type` in, one out, at `/mms`. Clients look for a match and accept it; match
 * servers offer themselves, are told to prepare a match, and say how it went. All of it is translated to what accounts,
 * queues, servers and sessions do for everybody else.
 */
export function createMatchServerDialect(needs: DialectsNeeds, options: DialectsOptions) {
  const { matchServerStore: store = sqlMatchServerStore() } = needs
  const allowed = allowListOf(options.matchServersAllowed)
  const outgoing = needs.outgoing ?? createOutgoing(allowed)
  const credentials = createCredentials(needs.secrets)
  const own = { ...needs, store, outgoing, credentials }
  const jobs: Repeating[] = []
  let unhear: () => void = () => undefined

  const keeper = createKeeper({ ...own, nudge: () => jobs[0]?.nudge() }, options)
  const preparer = createPreparer(own, options)
  const { completed, MatchComplete } = createCompleting(own)
  const handlers: Handlers = {
    ...accountMessages(own),
    ...playerMessages({ ...own, completed }),
    ...offerMessages({ ...own, keeper }, options),
    MatchComplete,
  }
  const handle = <Message extends MatchServerRequest>(message: Message, asked: Asked): Promise<Answered> =>
    (handlers[message.type] as (message: Message, asked: Asked) => Promise<Answered>)(message, asked)

  const routes: Route[] = [
    route(matchServerContracts.exchangeMessages, async (call: Call<typeof matchServerContracts.exchangeMessages>) => {
      const { caller, address, encrypted, mintId } = call
      const { body, headers = {} } = await handle(call.body, { caller, address, encrypted, mintId })
      return { status: 200, body, headers }
    }),
  ]

  return {
    routes,
    /** Whoever signed in by the cookie of that value. */
    async cookieCaller(cookie: string) {
      const login = credentials.loginIn(cookie)
      return login === null ? null : needs.callerOf(login)
    },
    personal: {
      exportOf: (account: PlayerId) =>
        needs.db.once(async (tx) => ({
          offers: (await store.offersBy(tx, account)).map(({ address, expiresAt }) => ({
            address,
            expires: timeText(expiresAt),
          })),
        })),
      erase: (tx: Tx, account: PlayerId) => store.forget(tx, account, needs.clock.now()),
    },
    start() {
      // Where no server may offer itself, there is nothing to look after.
      if (allowed.isEmpty) return
      jobs.push(
        repeating(needs, 'offered match servers', options.lookEveryMs, keeper.run),
        repeating(needs, 'matches to prepare', options.lookEveryMs, preparer.run),
      )
      unhear = needs.wakes.hear('server', () => jobs[1]?.nudge())
    },
    async stop() {
      unhear()
      await Promise.all(jobs.splice(0).map((job) => job.stop()))
    },
  }
}
