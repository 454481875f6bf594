import { createHash } from 'node:crypto'
import type { Limit, Limits } from '../../platform/http/limits.ts'
import type { IdentityOptions } from './config.ts'
import { networkOf } from './domain.ts'

/** Slows down guessing without locking the owner out. Failed sign-ins are counted three ways: by account and address
 *  together, by address, and by account from addresses its owner never signed in from. So one address gets few tries at
 *  an account, a crowd of addresses gets few together, and neither takes anything from an owner at home. The spans are
 *  short: they delay, they do not bar. A try is counted before the password is looked at, so that a thousand at once are
 *  counted too, and taken back when it was right. */
export interface Throttle {
  /** Before anything is looked up. */
  trySignIn(username: string, address: string): Promise<SignInTry>
  /** A try with what an outside provider gave. Where it was good, it is taken back. */
  tryProvider(address: string): Promise<Pick<SignInTry, 'takeBack'>>
  register(address: string): Promise<void>
  guest(address: string): Promise<void>
}

export interface SignInTry {
  /** Once it is known whether the owner was seen at this address before. */
  from(atHome: boolean): Promise<void>
  /** The password was right. */
  takeBack(): Promise<void>
}

/** Whatever was typed as a name becomes a key of one length, and is not kept as it was typed. */
const nameTag = (username: string) =>
  createHash('sha256').update(username.toLowerCase()).digest('base64url').slice(0, 16)

export function createThrottle({ limits }: { limits: Limits }, options: IdentityOptions): Throttle {
  const pair: Limit = { name: 'sign-in-pair', max: options.signInPairMax, perMs: options.signInPairS * 1_000 }
  const place: Limit = { name: 'sign-in-place', max: options.signInAddressMax, perMs: options.signInAddressS * 1_000 }
  const name: Limit = { name: 'sign-in-name', max: options.signInNameMax, perMs: options.signInNameS * 1_000 }
  const registrations: Limit = { name: 'register', max: options.registrationsPerMinute, perMs: 60_000 }
  const guests: Limit = { name: 'guest', max: options.guestsPerMinute, perMs: 60_000 }

  function spending() {
    const spent: [Limit, string][] = []
    return {
      spend: async (limit: Limit, who: string) => {
        await limits.spend(limit, who)
        spent.push([limit, who])
      },
      takeBack: async () => {
        for (const [limit, who] of spent) {
          // Where others have spent too much meanwhile, giving one back is still refused; that is no matter here.
          await limits.spend(limit, who, -1).catch(() => undefined)
        }
      },
    }
  }

  return {
    async trySignIn(username, address) {
      const tag = nameTag(username)
      const network = networkOf(address)
      const { spend, takeBack } = spending()
      await spend(pair, `${tag} ${network}`)
      await spend(place, network)
      return {
        from: async (atHome) => {
          if (!atHome) await spend(name, tag)
        },
        takeBack,
      }
    },
    async tryProvider(address) {
      const { spend, takeBack } = spending()
      await spend(place, networkOf(address))
      return { takeBack }
    },
    register: (address) => limits.spend(registrations, networkOf(address)),
    guest: (address) => limits.spend(guests, networkOf(address)),
  }
}
