import { readFile } from 'node:fs/promises'
import type { Contract } from '@muster/protocol'
import { drawsOf } from '../support/draws.ts'
import { lineOf } from '../support/every-contract.ts'
import { httpCaller } from '../support/http-caller.ts'
import { firstOperatorOf, type MusterProcess, musterHome } from '../support/muster-process.ts'
import { peopledWorld, type World, worldConfigFor } from '../support/peopled-world.ts'
import { babble, type Line, talk } from './frames.ts'
import { type Answer, lineTo } from './line.ts'
import { type Attempt, drawRequest } from './requests.ts'

export interface FuzzOptions {
  /** Requests and frames together. */
  requests: number
  seed: number
  say(line: string): void
}

export interface FuzzReport {
  requests: number
  frames: number
  /** How often each status was answered. */
  statuses: Record<string, number>
  /** The calls that were answered well at least once. */
  answeredWell: Set<string>
  complaints: string[]
  rssMiB: { afterWarmUp: number; most: number; last: number }
}

const markOf = (world: number) => `w${world}.`
const configFor = (worlds: number) => ({
  ...worldConfigFor(['', ...Array.from({ length: worlds }, (_, at) => markOf(at))]),
  identity: {
    ...{ registrationsPerMinute: 1_000_000, guestsPerMinute: 1_000_000 },
    // Wrong passwords by the thousand, from the address of the operator who makes each world.
    ...{ signInPairMax: 1_000_000, signInAddressMax: 1_000_000, signInNameMax: 1_000_000 },
    // There, but nobody answers at its address.
    providers: { acme: { kind: 'oidc' as const, issuer: 'http://127.0.0.1:1', clientId: 'game' } },
  },
  presence: { framesPerS: 100_000, framesBurstMax: 100_000, bytesPerS: 100_000_000, bytesBurstMax: 100_000_000 },
})
const linesAtOnce = 48
const framesAShare = 5
const framesASocket = 60
/** After so many requests little is left of a world: somebody erased it. */
const worldLastsFor = (requests: number) => Math.max(3_000, Math.ceil(requests / 100))
const complaintsMax = 50
/** A limit that was met, as the document has it. Nothing else of ours may be 5xx. */
const limits = new Set(['BUSY', 'NO_CAPACITY', 'UNAVAILABLE', 'PROVIDER_UNAVAILABLE'])

/** Calls a Muster process in every way that there is, as everybody, until so many have been sent. */
export async function fuzz({ requests, seed, say }: FuzzOptions): Promise<FuzzReport> {
  const draws = drawsOf(seed)
  const worldLasts = worldLastsFor(requests)
  const report: FuzzReport = {
    ...{ requests: 0, frames: 0, statuses: {}, answeredWell: new Set<string>(), complaints: [] },
    rssMiB: { afterWarmUp: 0, most: 0, last: 0 },
  }
  await using home = await musterHome(configFor(Math.ceil(requests / worldLasts) + 1))
  const muster = await home.start()
  const operator = await firstOperatorOf(muster)
  const line = lineTo(muster.url, linesAtOnce)
  const done = () => report.requests + report.frames

  for (let at = 0; done() < requests && report.complaints.length < complaintsMax && isAlive(muster); at++) {
    const world = await peopledWorld(muster.url, operator, markOf(at))
    const share = Math.min(worldLasts, requests - done())
    const sockets = socketsFor(world, Math.floor((share * framesAShare) / 25))
    await requestsFor(world, share - Math.floor((share * framesAShare) / 25))
    for (const { frames, complaints } of await sockets) {
      report.frames += frames
      report.complaints.push(...complaints)
    }
    await look()
    if (done() % 100_000 < worldLasts)
      say(`${done()} sent, ${report.rssMiB.last} MiB, ${report.complaints.length} complaints`)
  }
  if (!isAlive(muster)) report.complaints.push(`Muster ended:\n${muster.output.text().slice(-2_000)}`)
  else {
    const { status } = await httpCaller(muster.url)('GET /readyz')
    if (status !== 200) report.complaints.push(`At the end it is not ready: ${status}`)
    if ((await muster.end('SIGTERM')) !== 0) report.complaints.push('It did not stop in good order.')
  }
  const failures = muster.output.text().match(/.*"level":[56]0.*/g) ?? []
  report.complaints.push(...failures.slice(0, 10).map((one) => `logged: ${one.slice(0, 500)}`))
  line.close()
  return report

  async function requestsFor(world: World, count: number): Promise<void> {
    let left = count
    const send = async () => {
      while (left-- > 0 && isAlive(muster)) {
        const attempt = await drawRequest(world, draws)
        judge(attempt, await line.send(attempt, attempt.waits ? 500 : undefined))
        report.requests++
      }
    }
    await Promise.all(Array.from({ length: linesAtOnce }, send))
  }

  async function socketsFor(world: World, frames: number): Promise<Line[]> {
    const lines: Line[] = []
    for (let sent = 0; sent < frames && isAlive(muster); ) {
      const count = Math.min(framesASocket, frames - sent)
      const pair = await Promise.all([
        talk(muster.url, world, draws, count),
        ...(draws.percent(30) ? [babble(muster.url, draws, 10)] : []),
      ])
      lines.push(...pair)
      sent += Math.max(count, 1)
    }
    return lines
  }

  function judge({ contract, method, path, waits, body }: Attempt, answer: Answer): void {
    const met = typeof answer === 'string' ? answer : String(answer.status)
    report.statuses[met] = (report.statuses[met] ?? 0) + 1
    const complain = (why: string) => {
      const said = typeof answer === 'string' ? answer : `${answer.status} ${answer.text.slice(0, 300)}`
      report.complaints.push(`${why}: ${method} ${path.slice(0, 200)} ${body?.slice(0, 300) ?? ''} → ${said}`)
    }
    if (answer === 'hung up' && !waits) complain('not answered')
    if (typeof answer === 'string') return
    if (answer.status < 300 && method === contract.method) report.answeredWell.add(lineOf(contract))
    if (answer.status >= 500) {
      const { code = '' } = problemIn(answer.text)
      const allowed = answer.status === 503 && limits.has(code) && answer.headers['retry-after'] !== undefined
      if (!allowed) complain('an error of ours')
    } else if (answer.status >= 400 && method !== 'HEAD' && problemIn(answer.text).code === undefined) {
      complain('a refusal without a code')
    }
  }

  async function look(): Promise<void> {
    const status = await readFile(`/proc/${muster.pid}/status`, 'utf8').catch(() => '')
    const mib = Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1_024)
    const { rssMiB } = report
    if (rssMiB.afterWarmUp === 0 && done() >= Math.min(50_000, requests / 4)) rssMiB.afterWarmUp = mib
    rssMiB.most = Math.max(rssMiB.most, mib)
    rssMiB.last = mib
  }
}

const isAlive = ({ child }: MusterProcess) => child.exitCode === null && child.signalCode === null

function problemIn(text: string): { code?: string } {
  try {
    return JSON.parse(text) as { code?: string }
  } catch {
    return {}
  }
}

/** Nobody vouches for anybody here, so nobody signs in by a provider. */
export const callsMissed = (report: FuzzReport, contracts: readonly Contract[]): string[] =>
  contracts.map(lineOf).filter((one) => !report.answeredWell.has(one) && !one.includes(':provider'))
