import { type Contract, Refusal, type Who } from '@muster/protocol'
import { originMayOpen } from '../socket/origin.ts'
import { cookieIn, loginCookie } from './cookies.ts'
import type { Caller } from './route.ts'

/** How tokens become callers; each answers null for a token that is not of its kind or no longer good. */
export interface Authenticators {
  player(token: string): Promise<Caller | null>
  key(token: string): Promise<Caller | null>
  report(token: string): Promise<Caller | null>
  /** Who signed in by the cookie of that value. */
  cookie?(value: string): Promise<Caller | null>
}

const bearer = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i

/** Tells who calls. A token that is present must be good, even where none is needed. */
export async function callerOf(authorization: string | undefined, by: Authenticators): Promise<Caller> {
  if (authorization === undefined) return { kind: 'anyone' }
  const token = bearer.exec(authorization)?.[1]
  if (token === undefined) throw new Refusal('UNAUTHENTICATED', { detail: 'Send `Authorization: Bearer <token>`.' })
  const authenticate = token.startsWith('muster_sk_') ? by.key : token.startsWith('muster_rt_') ? by.report : by.player
  const caller = await authenticate(token)
  if (caller === null) throw new Refusal('UNAUTHENTICATED', { detail: 'The token is not valid, or no longer.' })
  return caller
}

interface CookieHeaders {
  cookie?: string | undefined
  origin?: string | undefined
  host?: string | undefined
}

/** Tells who calls by the cookie that signing in set. A browser sends it along whoever made the page, so it counts only
 *  where the request comes from no page, or from one of ours. One that is no longer good counts as none: it must not keep
 *  anybody from signing in again. */
export async function cookieCallerOf(
  { cookie, origin, host }: CookieHeaders,
  origins: readonly string[],
  by: Authenticators,
): Promise<Caller> {
  const value = cookieIn(cookie, loginCookie)
  if (value === null || by.cookie === undefined || !originMayOpen(origin, host, origins)) return { kind: 'anyone' }
  return (await by.cookie(value)) ?? { kind: 'anyone' }
}

const rolesOf = (caller: Caller): Who[] => {
  switch (caller.kind) {
    case 'anyone':
      return ['anyone']
    case 'player':
      return caller.operator ? ['anyone', 'player', 'operator'] : ['anyone', 'player']
    case 'key':
      return ['anyone', ...caller.scopes]
    case 'report':
      return ['anyone', 'report']
  }
}

/** What each role calls with, for who came with something else. */
const takes: Readonly<Record<Who, string>> = {
  anyone: 'anything',
  player: 'a player’s access token',
  server: 'an API key of scope server',
  service: 'an API key of scope service',
  operator: 'an API key of scope operator or an operator’s access token',
  report: 'the session’s own report token',
}

/** Refuses who may not make this call. What no contract names is refused. */
export function admit(contract: Contract, caller: Caller, params: unknown): void {
  const roles = rolesOf(caller)
  if (!contract.who.some((who) => roles.includes(who))) {
    const detail = `This call takes ${contract.who.map((who) => takes[who]).join(', or ')}.`
    throw new Refusal(caller.kind === 'anyone' ? 'UNAUTHENTICATED' : 'FORBIDDEN', { detail })
  }
  if (caller.kind === 'report' && contract.who.includes('report') && !contract.who.includes('anyone')) {
    const { id } = params as { id?: string }
    if (id !== caller.session) throw new Refusal('FORBIDDEN', { detail: 'The report token is of another session.' })
  }
}

/** Who the caller is, for limits and idempotency keys. */
export function callerName(caller: Caller, address: string): string {
  switch (caller.kind) {
    case 'anyone':
      return `address ${address}`
    case 'player':
      return caller.player
    case 'key':
      return caller.key
    case 'report':
      return caller.session
  }
}
