/** Holds a login for callers that keep cookies instead of tokens. */
export const loginCookie = 'muster_login'

const cookieTextMax = 4_096

/** A cookie's value among those that a request brought; null where it is not there. */
export function cookieIn(header: string | undefined, name: string): string | null {
  if (header === undefined || header.length > cookieTextMax) return null
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return null
}

export interface CookieScope {
  path: string
  /** Never sent without TLS. */
  secure: boolean
  /** Seconds; 0 takes the cookie away. */
  maxAgeS: number
}

/** `Set-Cookie`. No script reads it, and no other site's page can have it sent. */
export const setCookie = (value: string, { path, secure, maxAgeS }: CookieScope): string =>
  [
    `${loginCookie}=${value}`,
    `Path=${path}`,
    `Max-Age=${maxAgeS}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(secure ? ['Secure'] : []),
  ].join('; ')
