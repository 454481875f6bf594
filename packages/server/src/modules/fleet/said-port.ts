import { Refusal } from '@muster/protocol'
import type { FleetNeeds } from './needs.ts'

/** A launched server says that it listens where none of its players could get in. */
export class UnusablePort extends Refusal {
  constructor(given: number, said: number) {
    const problem = `the server was given ${given}, and connect tokens open on no other; it says ${said}`
    super('INVALID_REQUEST', {
      detail: `It says that it is ready on port ${said}, and was given port ${given}: connect tokens of netcode open on no other.`,
      fields: [{ field: 'body.port', problem }],
    })
  }
}

export interface SaidPort {
  mode: string
  given: number
  said: number
}

/** Judges a port other than the one that a launched server was given. Where a mode's transport is netcode it was told the
 *  address that its tokens name, with that port. Any other mode's may have a reason, such as a port that is forwarded. */
export function createPortJudge({
  log,
  launchSourceOf,
  netcodeOf,
}: Pick<FleetNeeds, 'log' | 'launchSourceOf' | 'netcodeOf'>) {
  /** Modes of which it was said. */
  const complained = new Set<string>()

  return ({ mode, given, said }: SaidPort): void => {
    if (said === given) return
    if (netcodeOf?.(mode) != null) throw new UnusablePort(given, said)
    const ports = launchSourceOf(mode)?.ports
    if (ports === undefined || (said >= ports[0] && said <= ports[1]) || complained.has(mode)) return
    complained.add(mode)
    log.warn(
      { mode, given, said, ports },
      'a launched server listens outside its mode’s ports, and players are sent there',
    )
  }
}
