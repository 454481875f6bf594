import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { namedNetworks } from '../http/config.ts'

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** An IPv4 address that came over an IPv6 socket is still that address. */
const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')

function networksOf(names: readonly string[]): BlockList {
  const list = new BlockList()
  for (const name of names.flatMap((one) => namedNetworks[one] ?? [one])) {
    const [address = '', bits] = name.split('/')
    if (isIP(address) === 0) throw new Error(`${name} is neither an address nor a network.`)
    if (bits === undefined) list.addAddress(plain(address), familyOf(plain(address)))
    else list.addSubnet(address, Number(bits), familyOf(address))
  }
  return list
}

/** Tells from which address a request comes: the nearest one that no trusted proxy has. What is forwarded is believed
 *  only from trusted proxies. */
export function addressReader(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  if (trustedProxies.length === 0) return (request) => plain(request.socket.remoteAddress ?? '')
  const trusted = networksOf(trustedProxies)
  return (request) => {
    let address = plain(request.socket.remoteAddress ?? '')
    const forwarded = String(request.headers['x-forwarded-for'] ?? '')
      .split(',')
      .map((hop) => plain(hop.trim()))
    while (isIP(address) !== 0 && trusted.check(address, familyOf(address))) {
      const before = forwarded.pop()
      if (before === undefined || isIP(before) === 0) break
      address = before
    }
    return address
  }
}
