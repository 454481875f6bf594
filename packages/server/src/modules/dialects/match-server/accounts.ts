import { type LoginId, Refusal, type Tokens } from '@muster/protocol'
import { setCookie } from '../../../platform/http/cookies.ts'
import type { DialectsNeeds } from '../needs.ts'
import type { Credentials } from './credentials.ts'
import type { AnswerOf, Asked, Handlers } from './messages.ts'
import { playerIn } from './messages.ts'

export type AccountsNeeds = Pick<
  DialectsNeeds,
  'register' | 'signIn' | 'endLogin' | 'verifyAccess' | 'serverAccounts' | 'cookieLifeS'
> & { credentials: Credentials }

/** Register, Login and Logout. Whoever signs in is known by the token of the answer, or by the cookie that comes with it. */
export function accountMessages(needs: AccountsNeeds): Pick<Handlers, 'Register' | 'Login' | 'Logout'> {
  const cookieHeader = ({ encrypted }: Asked, value: string, maxAgeS: number) =>
    setCookie(value, { path: '/mms', secure: encrypted, maxAgeS })

  async function signedIn<Type extends 'Registered' | 'LoggedIn'>(type: Type, tokens: Tokens, asked: Asked) {
    const caller = await needs.verifyAccess(tokens.access_token)
    // Everybody's logins may have been ended at this very moment.
    if (caller?.kind !== 'player') throw new Refusal('UNAUTHENTICATED', { detail: 'The login has ended already.' })
    const serverUser = (await needs.serverAccounts.keyOf(tokens.user_id)) !== null
    return {
      body: { type, ...tokens, serverUser } as AnswerOf<Type>,
      headers: {
        'cache-control': 'no-store',
        'set-cookie': cookieHeader(asked, needs.credentials.cookieOf(caller.login), needs.cookieLifeS),
      },
    }
  }

  return {
    async Register({ username, password, nick, serverUser = '' }, asked) {
      // A client may fill in every field that its document names.
      const serverKey = serverUser === '' ? null : await needs.serverAccounts.keyIn(serverUser)
      const account = { player: asked.mintId('player'), username, password, nick, serverKey }
      return signedIn('Registered', await needs.register(account, asked.address), asked)
    },
    async Login({ username, password }, asked) {
      return signedIn('LoggedIn', await needs.signIn({ username, password }, asked.address), asked)
    },
    async Logout(_, asked) {
      const login: LoginId = playerIn(asked).login
      await needs.endLogin(login, asked.address)
      return { body: { type: 'LoggedOut' }, headers: { 'set-cookie': cookieHeader(asked, '', 0) } }
    },
  }
}
