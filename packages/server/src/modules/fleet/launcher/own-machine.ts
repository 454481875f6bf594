import { sdkPorts } from '../agones/wire/lazily.ts'
import { signalGroup, signalOne, startChild } from './child.ts'
import type { Machine } from './machine.ts'
import { outputFiles } from './output-files.ts'
import { portProblem } from './ports.ts'
import { processTable } from './process-table.ts'
import { speaksFor } from './socket-owner.ts'

/** The machine that Muster itself runs on. Output is kept in `servers/` inside the data folder. */
export function ownMachine(dataDir: string): Machine {
  const { startMarkOf, marked } = processTable()
  const files = outputFiles(dataDir)
  const serve = sdkPorts()
  return {
    ...{ startMarkOf, marked, portProblem, signalGroup, signalOne },
    prepare: files.makeFolder,
    async start(request) {
      // Somebody may have tidied the data folder up.
      await files.makeFolder()
      return startChild(request, files.pathOf(request.server))
    },
    serveSdk: ({ owner, ...request }) =>
      serve({
        ...request,
        admits: async (remotePort) => owner === null || speaksFor(owner, { port: request.port, remotePort }, marked),
      }),
    outputOf: files.fileOf,
    removeOldOutput: files.removeOld,
  }
}
