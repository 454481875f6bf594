import { isIP } from 'node:net'
import type { Config } from './config.ts'
import { clusterSourceComplaints } from './modules/fleet/agones/cluster/config.ts'
import { fleetComplaints, launchComplaints, sourceComplaints, takesRegistered } from './modules/fleet/config.ts'
import { queueComplaints } from './modules/matchmaking/config.ts'
import { transportComplaints } from './modules/sessions/config.ts'
import { networkProblem } from './platform/http/config.ts'
import type { Complaints } from './platform/options.ts'
import { allowListComplaints } from './platform/outgoing/addresses.ts'

/** The names that a studio may choose. */
const namePattern = /^[A-Za-z0-9._-]{1,64}$/

/** What no schema can say, wherever the shapes are right: names, and how one option fits another. */
export function checkConfig(config: Config, complaints: Complaints): void {
  for (const kind of ['modes', 'queues', 'boards'] as const) {
    for (const name of namesIn(config, complaints, kind)) {
      if (namePattern.test(name)) continue
      complaints.addBeside([kind, name], 'a name has letters, digits, dots and dashes, at most 64')
    }
  }
  if (complaints.isSound('identity', 'providers')) {
    for (const name of Object.keys(config.identity.providers)) {
      if (namePattern.test(name)) continue
      complaints.addBeside(['identity', 'providers', name], 'a name has letters, digits, dots and dashes, at most 64')
    }
  }
  if (complaints.isSound('http', 'trustedProxies')) {
    config.http.trustedProxies.forEach((proxy, at) => {
      const problem = networkProblem(proxy)
      if (problem !== null) complaints.add(['http', 'trustedProxies', String(at)], problem)
    })
  }
  if (complaints.isSound('fleet')) {
    addTo(complaints, ['fleet'], fleetComplaints(config.fleet))
    for (const name of Object.keys(config.fleet.clusters)) {
      if (namePattern.test(name)) continue
      complaints.addBeside(['fleet', 'clusters', name], 'a name has letters, digits, dots and dashes, at most 64')
    }
  }
  if (complaints.isSound('dialects')) checkDialects(config, complaints)
  for (const name of namesIn(config, complaints, 'modes')) checkMode(config, complaints, name)
  for (const name of namesIn(config, complaints, 'queues')) checkQueue(config, complaints, name)
}

function checkDialects(config: Config, complaints: Complaints): void {
  const { matchServersAllowed, matchServerModes = [], probeEveryS } = config.dialects
  for (const problem of allowListComplaints(matchServersAllowed)) {
    complaints.add(['dialects', 'matchServersAllowed'], problem)
  }
  const modes = new Set(namesIn(config, complaints, 'modes'))
  for (const mode of matchServerModes) {
    if (!modes.has(mode)) complaints.add(['dialects', 'matchServerModes'], `there is no mode ${mode}`)
    else if (complaints.isSound('modes', mode, 'server') && !takesRegistered(config.modes[mode]?.server ?? {})) {
      complaints.add(
        ['dialects', 'matchServerModes'],
        `${mode} takes no servers that register: see modes.${mode}.server.registered`,
      )
    }
  }
  if (matchServersAllowed.length > 0 && complaints.isSound('fleet') && probeEveryS * 2 > config.fleet.ttlS) {
    complaints.add(['dialects', 'probeEveryS'], `must be at most half of fleet.ttlS, which is ${config.fleet.ttlS}`)
  }
}

function checkMode(config: Config, complaints: Complaints, name: string): void {
  const place = ['modes', name]
  if (!complaints.isSound(...place, 'server')) return
  const mode = config.modes[name] as Config['modes'][string]
  const { server, playersMin } = mode
  addTo(complaints, [...place, 'server'], sourceComplaints(server))
  if (server.agones !== undefined && complaints.isSound('fleet')) {
    addTo(complaints, [...place, 'server', 'agones'], clusterSourceComplaints(server.agones, config.fleet.clusters))
  }
  if (server.launch !== undefined) addTo(complaints, [...place, 'server', 'launch'], launchComplaints(server.launch))
  if (complaints.isSound(...place, 'netcode')) addTo(complaints, place, transportComplaints(mode))
  if (mode.netcode !== undefined && server.launch !== undefined && isIP(server.launch.publicHost) === 0) {
    complaints.add([...place, 'server', 'launch', 'publicHost'], 'must be an IP address: connect tokens hold no names')
  }
  if (mode.private !== undefined && (mode.startsWhenReady ?? server.launch?.agones !== undefined)) {
    complaints.add([...place, 'private'], 'needs `startsWhenReady: false`: play would begin before a friend could join')
  }
  if (mode.private !== undefined && server.launch === undefined) {
    complaints.add([...place, 'private'], 'needs `server.launch`: friends are given a server of their own')
  }

  checkSdkPorts(config, complaints, name)

  if (playersMin === undefined || !complaints.isSound(...place, 'playersMin')) return
  const queues = namesIn(config, complaints, 'queues')
    .filter((queue) => complaints.isSound('queues', queue))
    .map((queue) => config.queues[queue] as Config['queues'][string])
    .filter((queue) => queue.mode === name)
  const playersMax = Math.max(...queues.map(({ teams, teamSize }) => teams * teamSize))
  if (queues.length > 0 && playersMin > playersMax) {
    complaints.add(
      [...place, 'playersMin'],
      `${playersMin} never come: its queues make matches of ${playersMax} at most`,
    )
  }
}

/** Muster listens where servers find their SDK: a game server that was given such a port could not. */
function checkSdkPorts(config: Config, complaints: Complaints, name: string): void {
  const ports = config.modes[name]?.server.launch?.agones?.ports
  if (ports === undefined) return
  for (const other of namesIn(config, complaints, 'modes')) {
    if (!complaints.isSound('modes', other, 'server')) continue
    const taken = config.modes[other]?.server.launch?.ports
    if (taken === undefined || ports[1] < taken[0] || taken[1] < ports[0]) continue
    complaints.add(
      ['modes', name, 'server', 'launch', 'agones', 'ports'],
      `${ports[0]} to ${ports[1]} meets the ports of servers of ${other}, ${taken[0]} to ${taken[1]}`,
    )
  }
}

function checkQueue(config: Config, complaints: Complaints, name: string): void {
  const queue = config.queues[name] as Config['queues'][string]
  if (typeof queue !== 'object' || queue === null) return
  const isSound = (option: string) => complaints.isSound('queues', name, option)
  const has = (kind: 'modes' | 'boards', wanted: string) => Object.hasOwn(config[kind] ?? {}, wanted)
  const rulesFound = queueComplaints(queue, isSound)
  if (isSound('mode') && typeof queue.mode === 'string' && !has('modes', queue.mode))
    complaints.add(['queues', name, 'mode'], `there is no mode ${queue.mode}`)
  if (isSound('board') && queue.board !== null && !has('boards', queue.board)) {
    complaints.add(['queues', name, 'board'], `there is no board ${queue.board}`)
  }
  addTo(complaints, ['queues', name], rulesFound)
}

/** The names of what is there; none, where it is not even a list of things under names. */
function namesIn(config: Config, complaints: Complaints, kind: 'modes' | 'queues' | 'boards'): string[] {
  const held: unknown = config[kind]
  const isThere = typeof held === 'object' && held !== null && !Array.isArray(held)
  return isThere && complaints.isSound(`${kind}`, '') ? Object.keys(held) : []
}

/** `option: problem`, or `option.part problem`, told by its whole place; what names no option, by that of all of them. */
function addTo(complaints: Complaints, place: string[], found: string[]): void {
  for (const one of found) {
    const [, option, words] = /^([^\s:]+): (.*)$/s.exec(one) ?? /^([^\s:]+\.[^\s:]+) (.*)$/s.exec(one) ?? []
    complaints.add([...place, ...(option?.split('.') ?? [])], words ?? one)
  }
}
