import type { Tokens } from '@muster/protocol'
import { MusterError } from './errors.ts'

/** Keeps the signed-in player's tokens, and renews the access token before it ends. */
export interface TokenStore {
  current(): Tokens | null
  set(tokens: Tokens | null): void
  /**
   * Renews the access token that was `used` and found wanting: once, however many ask, and not at all where another has
   * replaced it meanwhile. Throws where the login has ended; then nobody is signed in any more.
   */
  renew(used: string): Promise<void>
  renewIfDue(): Promise<void>
}

const renewBeforeEndMs = 30_000

export function createTokenStore(options: {
  exchange: (refreshToken: string) => Promise<Tokens>
  /** Called with every new pair, and with null after signing out: keep it where the next start finds it. */
  onTokens?: (tokens: Tokens | null) => void
}): TokenStore {
  let tokens: Tokens | null = null
  let endsAt = 0
  let renewing: Promise<void> | null = null

  function set(next: Tokens | null) {
    tokens = next
    // A short-lived token is renewed at half its life, not with every call.
    const aheadMs = Math.min(renewBeforeEndMs, (next?.expires_in ?? 0) * 500)
    endsAt = next === null ? 0 : performance.now() + next.expires_in * 1_000 - aheadMs
    options.onTokens?.(next)
  }

  async function exchange(spent: Tokens) {
    try {
      const fresh = await options.exchange(spent.refresh_token)
      // Who signed out or in as another meanwhile must stay so.
      if (tokens === spent) set(fresh)
    } catch (error) {
      if (tokens === spent && error instanceof MusterError && error.status === 401) set(null)
      throw error
    }
  }

  function renew(used: string): Promise<void> {
    if (tokens === null || tokens.access_token !== used) return renewing ?? Promise.resolve()
    renewing ??= exchange(tokens).finally(() => {
      renewing = null
    })
    return renewing
  }

  return {
    current: () => tokens,
    set,
    renew,
    async renewIfDue() {
      if (tokens !== null && performance.now() > endsAt) await renew(tokens.access_token)
    },
  }
}
