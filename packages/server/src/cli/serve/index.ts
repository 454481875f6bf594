import { defineCommand } from 'citty'
import { configSchema, loadConfig } from '../../config.ts'
import { startServer } from '../../main.ts'
import { systemClock } from '../../platform/clock.ts'
import { createLog } from '../../platform/log.ts'
import { describeOptions } from '../../platform/options-help.ts'
import { misuse, type Streams } from '../command.ts'
import { machineOf, machineOptions } from '../machine-options.ts'
import { type Serving, showFirstOperator, welcomeText } from './announcement.ts'
import { details } from './help.ts'
import { moduleNames, modulesIn } from './module-names.ts'
import { noteServing } from './serving-note.ts'
import { startedInTime } from './starting.ts'
import { untilTold } from './stopping.ts'

/** `muster serve`: the server, until it is told to stop. */
export const serveCommand = Object.assign(
  defineCommand({
    meta: { name: 'serve', description: 'Run the server' },
    args: {
      ...machineOptions('port', 'host', 'data', 'config', 'publicUrl', 'logLevel', 'logFormat'),
      'help-config': { type: 'boolean', description: 'Print what muster.config.ts may say, and end' },
      only: { type: 'string', valueHint: 'MODULES', description: `Answer only for these: ${moduleNames.join(', ')}` },
    },
    async run({ args, data }) {
      const streams = data as Streams
      if (args['help-config'] === true) {
        streams.stdout.write(`${describeOptions(configSchema).join('\n')}\n`)
        return
      }
      const inTerminal = streams.stdout.isTTY === true
      const machine = machineOf(args)
      const only = typeof args.only === 'string' ? modulesIn(args.only) : undefined
      if (only?.length === 0) throw misuse('--only names no module.')
      const config = await loadConfig(machine.config || undefined, { secrets: true })
      const pretty = machine.logFormat === '' ? inTerminal : machine.logFormat === 'pretty'
      const log = createLog({ level: machine.logLevel, pretty })

      const told = untilTold(log, systemClock)
      const server = await startedInTime(startServer({ machine, config, log, only }), told.stop, systemClock)
      if (server === null) {
        log.warn('told to stop before it was ready, and the start does not end: ending at once')
        process.exit(1)
      }
      const forget = await noteServing(machine.data, server.url)
      const { url, described } = server
      log.info({ url, calls: `${url}/openapi.json`, ready: `${url}/readyz`, stands_on: described }, 'Muster serves')
      // Where the log is JSON, standard output is the log's alone.
      const said = pretty ? streams.stdout : streams.stderr
      if (inTerminal) said.write(welcomeText(server.url, server.described))
      // A program that started this one with a channel is told there, and tells whoever started it.
      if (process.send === undefined) {
        const forPeople = pretty || inTerminal
        showFirstOperator(server.firstOperator, said, forPeople ? null : { at: systemClock.now() })
      }
      process.send?.({ url: server.url, firstOperator: server.firstOperator } satisfies Serving)

      const lost = await Promise.race([told.stop.then(() => null), server.lost])
      if (lost !== null) log.fatal({ err: lost }, 'the database is lost, so Muster cannot go on')
      await forget()
      await server.stop()
      log.info('Muster has stopped')
      // Whatever still runs is of no more use, and must not keep the process.
      process.exit(lost === null ? 0 : 1)
    },
  }),
  { details },
)
