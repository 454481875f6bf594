import type { PlayerId } from '@muster/protocol'

export interface PlayersNews {
  joined: PlayerId[]
  left: PlayerId[]
  seq: number
}

export interface PlayerReports {
  came(player: PlayerId): void
  went(player: PlayerId): void
  /** Resolves when all that was said so far has been reported, or given up. */
  told(): Promise<void>
}

/** Gathers comings and goings while an earlier report is under way, and numbers the reports, so that one which was held
 *  up somewhere cannot undo a newer one. */
export function createPlayerReports(
  report: (news: PlayersNews) => Promise<void>,
  onRefused: (error: unknown) => void = () => undefined,
  now: () => number = Date.now,
): PlayerReports {
  const joined = new Set<PlayerId>()
  const left = new Set<PlayerId>()
  let lastSeq = 0
  let reporting: Promise<void> | null = null

  async function reportAll() {
    // In the next turn, so that whoever comes in this one goes along.
    await Promise.resolve()
    while (joined.size + left.size > 0) {
      // Counted from the clock, so that the numbers of a server that was restarted go on where the last ones ended.
      lastSeq = Math.max(lastSeq + 1, now())
      const news = { joined: [...joined], left: [...left], seq: lastSeq }
      joined.clear()
      left.clear()
      await report(news).catch(onRefused)
    }
    reporting = null
  }
  const told = () => {
    reporting ??= reportAll()
    return reporting
  }

  return {
    came(player) {
      left.delete(player)
      joined.add(player)
      void told()
    },
    went(player) {
      // Who came and went between two reports did come: Muster reads `joined` before `left`.
      left.add(player)
      void told()
    },
    told,
  }
}
