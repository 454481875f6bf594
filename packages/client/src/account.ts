import type { GoodBodyOf, Links, OwnProfile, Proof, profileContracts, Tokens } from '@muster/protocol'
import type { Http } from './http.ts'
import type { TokenStore } from './tokens.ts'

export interface Credentials {
  username: string
  password: string
}

/** Who plays: signing in and out, and the own profile. */
export interface Account {
  /** Who is signed in. */
  readonly userId: string | null
  register(account: Credentials & { nick?: string }): Promise<Tokens>
  login(account: Credentials): Promise<Tokens>
  guest(username?: string): Promise<Tokens>
  /** The guest that is signed in becomes an account, and stays the same player. */
  upgrade(account: Credentials): Promise<Tokens>
  /** With what an outside provider gave: an ID token, a Steam ticket, or an authorization code. */
  signInWith(provider: string, proof: Proof): Promise<Tokens>
  /** One more way to sign in; a guest is one no longer, and stays the same player. */
  link(provider: string, proof: Proof): Promise<Tokens>
  /** Every other login ends. */
  unlink(provider: string): Promise<void>
  links(): Promise<Links>
  changePassword(current: string, next: string): Promise<Tokens>
  logout(): Promise<void>
  logoutAll(): Promise<void>
  me(): Promise<OwnProfile>
  rename(nick: string): Promise<OwnProfile>
  /** Everything that Muster keeps of the player. */
  exportMe(): Promise<GoodBodyOf<typeof profileContracts.exportSelf>>
  /** Erases the player for good, and signs out. */
  eraseMe(): Promise<void>
}

export function createAccount(http: Http, tokens: TokenStore): Account {
  const signIn = async (path: string, body: object, how: { signedIn?: boolean; repeatable?: boolean }) => {
    const { body: pair } = await http<Tokens>({ method: 'POST', path, body, ...how })
    tokens.set(pair)
    return pair
  }
  const anew = { repeatable: true }
  /** These take effect once; a repetition would be refused by its own first try. */
  const changing = { signedIn: true }
  const linkOf = (provider: string) => `/auth/link/${encodeURIComponent(provider)}`

  return {
    get userId() {
      return tokens.current()?.user_id ?? null
    },
    register: (account) => signIn('/auth/register', account, anew),
    login: (account) => signIn('/auth/login', account, anew),
    guest: (username) => signIn('/auth/guest', username === undefined ? {} : { username }, anew),
    signInWith: (provider, proof) => signIn(`/auth/providers/${encodeURIComponent(provider)}`, proof, anew),
    // Where it took effect and its answer was lost, the tokens held are spent: only a repetition brings the next.
    link: (provider, proof) => signIn(linkOf(provider), proof, { ...changing, ...anew }),
    async unlink(provider) {
      await http({ method: 'DELETE', path: linkOf(provider), signedIn: true })
    },
    links: async () => (await http<Links>({ method: 'GET', path: '/auth/links', signedIn: true })).body,
    upgrade: (account) => signIn('/auth/upgrade', account, changing),
    changePassword: (current, next) =>
      signIn('/auth/password', { current_password: current, new_password: next }, changing),
    async logout() {
      const refreshToken = tokens.current()?.refresh_token
      if (refreshToken === undefined) return
      await http({ method: 'POST', path: '/auth/logout', body: { refresh_token: refreshToken }, repeatable: true })
      tokens.set(null)
    },
    async logoutAll() {
      await http({ method: 'POST', path: '/auth/logout-all', signedIn: true })
      tokens.set(null)
    },
    me: async () => (await http<OwnProfile>({ method: 'GET', path: '/players/me', signedIn: true })).body,
    rename: async (nick) =>
      (
        await http<OwnProfile>({
          method: 'PATCH',
          path: '/players/me',
          body: { nick },
          signedIn: true,
          repeatable: true,
        })
      ).body,
    exportMe: async () =>
      (
        await http<GoodBodyOf<typeof profileContracts.exportSelf>>({
          method: 'GET',
          path: '/players/me/export',
          signedIn: true,
        })
      ).body,
    async eraseMe() {
      await http({ method: 'DELETE', path: '/players/me', signedIn: true })
      tokens.set(null)
    },
  }
}
