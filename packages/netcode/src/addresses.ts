import { isIPv4, isIPv6 } from 'node:net'

/** Where a server is reached: 4 bytes of IPv4 or 16 of IPv6 in network order, and a port. */
export interface Address {
  bytes: Uint8Array
  port: number
}

/** Reads `127.0.0.1:40000` or `[::1]:40000`. Names are not resolved: a client could not either. */
export function parseAddress(text: string): Address {
  const [, ipv6, ipv4, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (port >= 1 && port <= 65_535) {
    if (ipv4 !== undefined && isIPv4(ipv4)) return { bytes: Uint8Array.from(ipv4.split('.'), Number), port }
    if (ipv6 !== undefined && isIPv6(ipv6)) return { bytes: ipv6Bytes(ipv6), port }
  }
  throw new RangeError(`${text} is no address of the form 127.0.0.1:40000 or [::1]:40000.`)
}

export function addressText({ bytes, port }: Address): string {
  if (bytes.length === 4) return `${bytes.join('.')}:${port}`
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  )
  return `[${new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)}]:${port}`
}

/** The URL parser writes every spelling of an IPv6 address in one way: at most one `::`, no dotted tail. */
function ipv6Bytes(text: string): Uint8Array {
  const usual = new URL(`http://[${text}]`).hostname.slice(1, -1)
  const [head = '', tail] = usual.split('::')
  const groupsOf = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  const [first, last] = [groupsOf(head), tail === undefined ? [] : groupsOf(tail)]
  const groups = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last]
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))
}
