import type { ApiKeyView } from '../../modules/identity/index.ts'
import { timeText } from '../../platform/clock.ts'

const timeOrNull = (at: number | null): string | null => (at === null ? null : timeText(at))

/** A key as the HTTP API shows it. */
export const keyJson = ({ id, name, scopes, createdAt, expiresAt, lastUsedAt, revokedAt }: ApiKeyView) => ({
  id,
  name,
  scopes,
  created_at: timeText(createdAt),
  expires_at: timeOrNull(expiresAt),
  last_used_at: timeOrNull(lastUsedAt),
  revoked_at: timeOrNull(revokedAt),
})

/** What may be done with it now. */
export function stateOf({ revokedAt, expiresAt }: ApiKeyView, now: number): string {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && expiresAt <= now ? 'expired' : 'good'
}
