import type { Clock } from '../../../platform/clock.ts'
import { afterCommit, type Tx } from '../../../platform/db.ts'
import type { MintId } from '../../../platform/ids.ts'
import type { Log } from '../../../platform/log.ts'
import type { LaunchSource } from '../config.ts'
import type { Allocation, Claim } from '../domain.ts'
import type { Figures } from '../figures.ts'
import type { ProcessStore } from '../store.ts'
import type { Launcher } from './launcher.ts'

export interface LaunchingNeeds {
  clock: Clock
  mintId: MintId
  log: Log
  store: ProcessStore
  figures: Figures
  node: string
  launchSourceOf(mode: string): LaunchSource | null
  launcher: Pick<Launcher, 'name' | 'closing' | 'nudge'>
}

/** Writes down that a session wants a process of its own; it is started once the transaction has committed. Null where
 *  this machine runs as many as it may, or has no port left. */
export const createLaunching =
  ({ clock, mintId, log, store, figures, node, launchSourceOf, launcher }: LaunchingNeeds) =>
  async (tx: Tx, claim: Claim): Promise<Allocation | null> => {
    const source = launchSourceOf(claim.mode)
    if (source === null || launcher.closing) return null
    const server = mintId('server')
    const verdict = await store.launch(tx, {
      ...claim,
      ...{ server, instance: mintId('instance'), node, launcher: launcher.name, name: `${claim.mode} on ${node}` },
      ...{ region: source.region ?? claim.region, host: source.publicHost, ports: [source.ports[0], source.ports[1]] },
      ...{ processesMax: source.processesMax, now: clock.now() },
      ...{ stopGraceMs: source.stopGraceS * 1_000, readyTimeoutMs: source.readyTimeoutS * 1_000 },
    })
    if (verdict.kind === 'launched') {
      afterCommit(tx, () => {
        figures.allocated('launched')
        launcher.nudge()
      })
    } else if (verdict.kind !== 'existing') {
      const why = verdict.kind
      afterCommit(tx, () => {
        figures.refused('launched')
        log.debug({ session: claim.session, mode: claim.mode, why }, 'no server was launched')
      })
    }
    return 'allocation' in verdict ? verdict.allocation : null
  }
