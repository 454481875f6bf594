import type { Log } from '../../../platform/log.ts'
import { sdkPorts } from '../agones/wire/lazily.ts'
import { signalGroup, signalOne, startChild } from './child.ts'
import { launcherMark } from './environment.ts'
import { coverInherited } from './inherited.ts'
import { type Isolation, wrapperOf } from './isolation.ts'
import type { Machine, ProgramRequest, Started } from './machine.ts'
import { outputFiles } from './output-files.ts'
import { portProblem } from './ports.ts'
import { processTable } from './process-table.ts'
import { closedToOthers } from './reach.ts'
import { serverUsers } from './server-users.ts'

const mebibyte = 1_048_576
/** A user as whom nothing runs, for so long, was given by a Muster that is no more. */
const abandonedMs = 3_600_000

import { speaksFor } from './socket-owner.ts'

/** The machine that Muster itself runs on. Output is kept in `servers/` inside the data folder. */
export function ownMachine(dataDir: string, log: Log, { tools, users: range, required }: Isolation): Machine {
  const users = range === null ? null : serverUsers(range)
  const { startMarkOf, marked } = processTable(users)
  const files = outputFiles(dataDir)
  const further = coverInherited()

  async function start(request: ProgramRequest): Promise<Started> {
    const { server, limits, environment, folderVariables } = request
    const streams = { outputPath: files.pathOf(server), further }
    if (tools === null) return startChild(request, streams, null)
    const asMuster = () => startChild(request, streams, { wrapper: wrapperOf(tools, limits, null), uid: null })
    if (users === null) return asMuster()
    const closed = await closedToOthers(request)
    if (closed !== null && required) {
      return { failure: 'not_permitted', detail: `${closed} is closed to the user of its own that it is to run as.` }
    }
    if (closed !== null) {
      log.warn({ server, path: closed }, 'a server runs as Muster’s own user, for what it needs is closed to others')
      return asMuster()
    }
    const user = await users.take({
      ...{ node: environment[launcherMark] ?? '', server, memoryBytesMax: limits.memoryMiB * mebibyte },
    })
    if (user === null) return { failure: 'not_started', detail: 'No user id of fleet.isolationUsers is free.' }
    const folders = Object.fromEntries(folderVariables.map((name) => [name, user.home]))
    const started = await startChild({ ...request, environment: { ...environment, ...folders } }, streams, {
      wrapper: wrapperOf(tools, limits, user.uid),
      uid: user.uid,
    })
    if ('failure' in started) await users.end(server)
    return started
  }

  const serve = sdkPorts()
  return {
    ...{ startMarkOf, marked, portProblem, signalGroup, signalOne },
    async prepare(now) {
      await files.makeFolder()
      await users?.removeAbandoned(now - abandonedMs)
    },
    async start(request) {
      // Somebody may have tidied the data folder up.
      await files.makeFolder()
      return start(request)
    },
    usersOf: async (node) => (await users?.takenBy(node)) ?? [],
    endUser: async (server) => users?.end(server),
    serveSdk: ({ owner, ...request }) =>
      serve({
        ...request,
        admits: async (remotePort) => owner === null || speaksFor(owner, { port: request.port, remotePort }, marked),
      }),
    outputOf: files.fileOf,
    removeOldOutput: files.removeOld,
  }
}
