import type { Metrics } from '../../platform/metrics.ts'

const waitBucketsS = [1, 2, 5, 10, 20, 40, 80, 160, 320, 640]
const passBucketsS = [0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5]

/** What an operator can see of matchmaking. */
export function matchmakingFigures(metrics: Metrics) {
  const waiting = metrics.gauge('matchmaking_players_waiting', 'Players waiting, where this process matches', ['queue'])
  const holder = metrics.gauge('matchmaking_lease_held', 'Whether this process is the one that matches')
  const joins = metrics.counter('matchmaking_joins_total', 'Entries made', ['queue'])
  const matches = metrics.counter('matchmaking_matches_total', 'Matches made', ['queue'])
  const waits = metrics.histogram('matchmaking_wait_seconds', 'Wait of matched entries', waitBucketsS, ['queue'])
  const passes = metrics.histogram('matchmaking_pass_seconds', 'Time of one pass over a queue', passBucketsS, ['queue'])
  const answers = metrics.counter('matchmaking_answers_total', 'Answers to offered matches', ['queue', 'answer'])
  const closed = metrics.counter('matchmaking_closed_total', 'Entries closed, by reason', ['reason'])
  const fallen = metrics.counter('matchmaking_fallen_total', 'Matches that fell through', ['queue', 'reason'])
  const polls = metrics.gauge('matchmaking_polls_open', 'Long polls open')
  holder.set(0)

  return {
    held: (holds: boolean) => {
      holder.set(holds ? 1 : 0)
      if (!holds) waiting.reset()
    },
    waiting: (queue: string, players: number) => waiting.set({ queue }, players),
    joined: (queues: readonly string[]) => {
      for (const queue of queues) joins.inc({ queue })
    },
    matched: (queue: string) => matches.inc({ queue }),
    waited: (queue: string, waitMs: number) => waits.observe({ queue }, waitMs / 1_000),
    passed: (queue: string, spentMs: number) => passes.observe({ queue }, spentMs / 1_000),
    answered: (queue: string, answer: 'accepted' | 'declined' | 'no_answer', count = 1) =>
      answers.inc({ queue, answer }, count),
    closed: (reason: string, count: number) => closed.inc({ reason }, count),
    fell: (queue: string, reason: string) => fallen.inc({ queue, reason }),
    polls: (open: number) => polls.set(open),
  }
}

export type Figures = ReturnType<typeof matchmakingFigures>
