import { readdir, readFile, readlink } from 'node:fs/promises'
import type { Machine, SdkOwner } from './machine.ts'
import { groupOf } from './process-table.ts'

/** A connection over loopback: `port` is Muster's end. */
export interface Loopback {
  port: number
  remotePort: number
}

/** IPv4's loopback as the kernel writes it, alone and within an address of IPv6. */
const tables = [
  { path: '/proc/net/tcp', host: '0100007F' },
  { path: '/proc/net/tcp6', host: '0000000000000000FFFF00000100007F' },
]
const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0')

/** Whether a process of the server holds the other end. Only Linux can tell; elsewhere every process is believed. */
export async function speaksFor(
  { node, server, pid }: SdkOwner,
  connection: Loopback,
  marked: Machine['marked'],
): Promise<boolean> {
  if (process.platform !== 'linux') return true
  const socket = await socketOf(connection)
  if (socket === null) return false
  const leader = pid()
  if (leader !== null && (await holds(leader, socket))) return true
  // One that it started: of its group, or bearing its mark.
  const started = new Set(leader === null ? [] : await groupMembers(leader))
  for (const one of await marked(node)) if (one.server === server) started.add(one.pid)
  for (const one of started) if (one !== leader && (await holds(one, socket))) return true
  return false
}

async function groupMembers(leader: number): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((entry) => /^\d+$/.test(entry)).map(Number)
  const groups = await Promise.all(pids.map(groupOf))
  return pids.filter((_, at) => groups[at] === leader)
}

/** The other end, as processes name it among what they hold open. */
async function socketOf({ port, remotePort }: Loopback): Promise<string | null> {
  for (const { path, host } of tables) {
    const ends = ` ${host}:${hex(remotePort)} ${host}:${hex(port)} `
    const text = await readFile(path, 'latin1').catch(() => '')
    const line = text.split('\n').find((one) => one.includes(ends))
    // local, remote, state, queues, timer, retransmissions, user, timeout, inode
    const inode = line?.trim().split(/\s+/)[9]
    if (inode !== undefined && inode !== '0') return `socket:[${inode}]`
  }
  return null
}

async function holds(pid: number, socket: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`
  for (const entry of await readdir(folder).catch(() => [])) {
    if ((await readlink(`${folder}/${entry}`).catch(() => '')) === socket) return true
  }
  return false
}
