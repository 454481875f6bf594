import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import type { ServerId } from '@muster/protocol'
import { processFacts } from '../../../platform/embedded-postgres/processes.ts'
import { launcherMark, serverMark } from './environment.ts'
import type { Machine, MarkedProcess } from './machine.ts'
import type { ServerUsers } from './server-users.ts'

/** What the operating system knows of processes. On Linux a server's processes are known by its own user, which none of
 *  them can lay down; or by the marks in their environment, as far as that may be read, which is where they run as the
 *  same user as Muster. Elsewhere none is found, and a process whose pid was not written down before a crash is not found
 *  again. */
export const processTable = (
  users: Pick<ServerUsers, 'takenBy'> | null = null,
): Pick<Machine, 'startMarkOf' | 'marked'> => {
  const boot = bootId()
  const startMarkOf = (pid: number) => {
    const facts = processFacts(pid)
    return facts === undefined ? null : `${boot} ${facts.stamp}`
  }

  return {
    startMarkOf,
    async marked(node) {
      if (process.platform !== 'linux') return []
      const found: MarkedProcess[] = []
      const byUser = new Map<number, ServerId>()
      for (const { server, pids } of (await users?.takenBy(node)) ?? []) for (const pid of pids) byUser.set(pid, server)
      for (const entry of await readdir('/proc')) {
        if (!/^\d+$/.test(entry)) continue
        const pid = Number(entry)
        const server =
          byUser.get(pid) ?? markOf(await readFile(`/proc/${entry}/environ`, 'latin1').catch(() => ''), node)
        const startMark = server === null ? null : startMarkOf(pid)
        if (server === null || startMark === null) continue
        found.push({ pid, server, startMark, leads: (await groupOf(pid)) === pid })
      }
      return found
    },
  }
}

/** Ticks since the start of the machine mean another time after each start. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return 'boot'
  }
}

function markOf(environment: string, node: string): ServerId | null {
  if (!environment.includes(`${launcherMark}=${node}\0`)) return null
  const values = environment.split('\0')
  if (!values.includes(`${launcherMark}=${node}`)) return null
  return values.find((value) => value.startsWith(`${serverMark}=`))?.slice(serverMark.length + 1) ?? null
}

/** The number of its process group; null where nobody lives under it. */
export async function groupOf(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null)
  if (stat === null) return null
  // The program's name stands in brackets and may hold spaces itself: state, parent, group follow it.
  const group = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]
  return group === undefined ? null : Number(group)
}
