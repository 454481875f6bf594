/** Names and addresses: how they are compared. */

const usernameShape = /^[A-Za-z0-9._-]{3,32}$/

/** Under which a username is found: `Ann` and `ann` are one. Null for what can be nobody's username. */
export const usernameKey = (username: string): string | null =>
  usernameShape.test(username) ? username.toLowerCase() : null

/** Guests' nicks end in a tag, and nobody else's may, so that a guest cannot be taken for an account. */
export const hasGuestTag = (nick: string): boolean => /#\d+$/.test(nick)

/** Under which a guest's nick is unique: what looks alike to a reader counts as the same. */
export const nickKey = (nick: string): string => nick.normalize('NFKC').toLowerCase()

export const tagDigitsMin = 4
export const tagDigitsMax = 12

/** `player123#4821`: `fraction` is from 0 up to but not including 1. */
export function guestNick(name: string, digits: number, fraction: number): string {
  const tag = Math.floor(fraction * 10 ** digits)
  return `${name}#${String(tag).padStart(digits, '0')}`
}

/** What a guest is called who gave no name. */
export const namelessGuest = 'player'

/** The name under a guest's nick, for when they are one no longer: without the tag, which only guests have. Null where it
 *  was never chosen, or cannot stand by itself. */
export function nameOfGuest(nick: string): string | null {
  const name = nick.replace(/#\d+$/, '').trim()
  return name === '' || name === namelessGuest || hasGuestTag(name) ? null : name
}

/** Whom an address stands for: an IPv4 address itself, of IPv6 the /64 network, which is what one subscriber is given. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped?.[1] !== undefined) return mapped[1]
  const bare = address.split('%')[0] ?? ''
  if (!bare.includes(':')) return bare
  const [head = '', tail] = bare.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right]
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `${network.join(':')}::/64`
}
