import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a call came to, as far as its caller can know. */
export type Outcome = 'ok' | 'refused' | 'unknown'

/** Something that somebody did or was told; `at` is the machine's time, `who` a player or a game server. */
export type Happening = { at: number; who: string } & (
  | { what: 'call'; call: string; outcome: Outcome; status: number; code: string; ms: number }
  | { what: 'account'; player: string; username: string | null }
  | { what: 'joined'; player: string; entry: string }
  | { what: 'left'; player: string; entry: string }
  | { what: 'offered'; player: string; match: string }
  | { what: 'confirmed'; player: string; match: string; session: string; how: 'poll' | 'push' }
  | { what: 'logged_out'; player: string }
  | { what: 'came_back'; player: string; status: number }
  | { what: 'ended'; player: string; session: string; state: string }
  | { what: 'search_ended'; player: string; reason: string }
  | { what: 'stuck'; player: string; why: string }
  | { what: 'admitted'; player: string; session: string; jti: string; run: string }
  | { what: 'acknowledged'; session: string; winner: string }
  | { what: 'result_refused'; session: string; code: string }
  | { what: 'fault'; kind: string; on: string }
  | { what: 'healed'; kind: string; on: string }
)

export type News = Happening extends infer One ? (One extends Happening ? Omit<One, 'at' | 'who'> : never) : never

/** Writes at once, so that nothing is lost with a process that is killed. Each process has a file of its own. */
export function historian(folder: string, who: string) {
  const file = join(folder, `history-${process.pid}.jsonl`)
  return (news: News, by: string = who): Happening => {
    const happening = { at: Date.now(), who: by, ...news } as Happening
    appendFileSync(file, `${JSON.stringify(happening)}\n`)
    return happening
  }
}

/** Everything that was written, in the order of time. A line that was being written when its process died is no line. */
export function readHistory(folder: string): Happening[] {
  const lines = readdirSync(folder)
    .filter((name) => /^history-\d+\.jsonl$/.test(name))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
  const happenings = lines.flatMap((line): Happening[] => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Happening]
    } catch {
      return []
    }
  })
  return happenings.sort((a, b) => a.at - b.at)
}
