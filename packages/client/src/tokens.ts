import type { Tokens } from '@muster/protocol'

/** Keeps the signed-in player's tokens, and renews the access token before it ends. */
export interface TokenStore {
  current(): Tokens | null
  set(tokens: Tokens | null): void
  /** Renews once, however many ask at the same time. Throws where the login has ended. */
  renew(): Promise<void>
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

  const store: TokenStore = {
    current: () => tokens,
    set(next) {
      tokens = next
      endsAt = next === null ? 0 : performance.now() + next.expires_in * 1_000
      options.onTokens?.(next)
    },
    renew() {
      renewing ??= (async () => {
        if (tokens === null) return
        store.set(await options.exchange(tokens.refresh_token))
      })().finally(() => {
        renewing = null
      })
      return renewing
    },
    async renewIfDue() {
      if (tokens !== null && performance.now() > endsAt - renewBeforeEndMs) await store.renew()
    },
  }
  return store
}
