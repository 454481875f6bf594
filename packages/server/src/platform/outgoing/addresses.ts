import { BlockList, isIP } from 'node:net'

/** A host and a port, as somebody wrote them. */
export interface Target {
  host: string
  port: number
}

const shape = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9.-]{1,253})):([1-9]\d{0,4})$/
/** The last label begins with a letter. Whatever ends in figures is an address, in one spelling or another. */
const hostName = /^(?!-)(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z][A-Za-z0-9-]{0,62}$/

/** `host:port`, with an IPv6 address in brackets. Null for all else: of an address only the plain spelling counts, so
 *  that nobody has to know what `2130706433`, `0x7f.1` or `127.1` mean to whoever connects. */
export function targetIn(text: string): Target | null {
  const [, v6, other, digits] = shape.exec(text) ?? []
  const port = Number(digits)
  if (!(port <= 65_535)) return null
  if (v6 !== undefined) return isIP(v6) === 6 ? { host: v6.toLowerCase(), port } : null
  if (other === undefined) return null
  return isIP(other) === 4 || hostName.test(other) ? { host: other.toLowerCase(), port } : null
}

export const targetText = ({ host, port }: Target): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** An address in the one spelling that all of its spellings have in common. */
export const plainAddress = (address: string): string =>
  isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** One list for each family: a list of both takes an IPv4 address and its IPv6 spellings for the same. */
type Networks = Readonly<Record<'ipv4' | 'ipv6', BlockList>>

function listOf(networks: readonly string[]): Networks {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    lists[familyOf(address)].addSubnet(address, Number(bits), familyOf(address))
  }
  return lists
}

const loopback = listOf(['127.0.0.0/8', '::1/128'])

/** Nobody's game runs there, whatever an operator lists: this network, link-local addresses (where clouds keep their
 *  metadata), other places of metadata, multicast, and IPv6 addresses that stand for an IPv4 one. */
const neverNetworks = [
  ...['0.0.0.0/8', '169.254.0.0/16', '100.100.100.200/32', '192.0.0.192/32', '168.63.129.16/32', '224.0.0.0/4'],
  ...['240.0.0.0/4', '::/96', '::ffff:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '2001::/32', '2002::/16'],
  ...['fd00:ec2::254/128', 'fe80::/10', 'ff00::/8'],
]
const never = listOf(neverNetworks)

const isIn = (networks: Networks, address: string) => networks[familyOf(address)].check(address, familyOf(address))

/** Whether the network of so many bits lies in one of those as a whole. */
const isNever = (address: string, bits: number): boolean =>
  neverNetworks.some((network) => Number(network.split('/')[1]) <= bits && isIn(listOf([network]), address))

interface Entry {
  /** Null for an entry that names a network. */
  name: string | null
  network: Networks | null
  ofLoopback: boolean
  /** Nothing of it is ever connected to. */
  isVain: boolean
  ports: readonly [number, number]
}

const entryShape = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})(?:-(\d{1,5}))?$/

/** Where this process may connect to on somebody else's word. */
export interface AllowList {
  isEmpty: boolean
  /** Whether `target`, which is `address` right now, may be connected to. */
  allows(target: Target, address: string): boolean
}

function entryIn(text: string): Entry | null {
  const [, v6, other, from, to = from] = entryShape.exec(text) ?? []
  const host = (v6 ?? other ?? '').toLowerCase()
  const ports = [Number(from), Number(to)] as const
  if (!(ports[0] >= 1 && ports[1] <= 65_535 && ports[0] <= ports[1])) return null
  const [address = '', bits, ...more] = host.split('/')
  const family = isIP(address)
  if (family === 0) {
    if (bits !== undefined || !hostName.test(host)) return null
    return { name: host, network: null, ofLoopback: host === 'localhost', isVain: false, ports }
  }
  const bitsMax = family === 6 ? 128 : 32
  if (more.length > 0 || (family === 6) !== (v6 !== undefined)) return null
  if (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax)) return null
  const network = listOf([`${address}/${bits ?? bitsMax}`])
  const ofLoopback = isIn(loopback, address)
  return { name: null, network, ofLoopback, isVain: !ofLoopback && isNever(address, Number(bits ?? bitsMax)), ports }
}

/** What is wrong with a list of `host:port`, `host:from-to`, `network/bits:from-to`. */
export const allowListComplaints = (entries: readonly string[]): string[] =>
  entries.flatMap((text) => {
    const entry = entryIn(text)
    const shown = JSON.stringify(text)
    if (entry === null) return `${shown} is no host or network with its ports, as in 10.0.0.0/8:7000-7999`
    return entry.isVain
      ? `${shown} is never connected to: no game runs there, but clouds keep their metadata, and the like`
      : []
  })

/** This machine itself is allowed only by an entry that names it as it is called: by its address, or by the very name. */
export function allowListOf(texts: readonly string[]): AllowList {
  const entries = texts.flatMap((text) => entryIn(text) ?? [])
  return {
    isEmpty: entries.length === 0,
    allows({ host, port }, address) {
      const here = isIn(loopback, address)
      if (!here && isIn(never, address)) return false
      return entries.some(({ name, network, ofLoopback, ports: [from, to] }) => {
        if (port < from || port > to || (here && !ofLoopback)) return false
        if (here && network !== null && isIP(host) === 0) return false
        return network === null ? name === host : isIn(network, address)
      })
    },
  }
}
