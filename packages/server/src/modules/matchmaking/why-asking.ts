import type { EntryId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { SoftState } from '../../platform/soft-state.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { Entry } from './domain.ts'
import type { Matchmaker } from './matchmaker.ts'
import type { Queues } from './queues.ts'
import type { Rests } from './rests.ts'
import type { QueueWaits } from './waits.ts'
import { noServerText, roughWhy, type WhyText, whyText } from './why-text.ts'

export interface WhyAskingNeeds {
  clock: Clock
  soft: SoftState
  wakes: Wakes
  queues: Queues
  waits: QueueWaits
  rests: Rests
  matchmaker: Pick<Matchmaker, 'why' | 'holds'>
}

const asked = 'matchmaking why'
const told = 'matchmaking because'
const keyOf = (id: string) => `matchmaking:why:${id}`
const keptMs = 2_000

/** Says what keeps an entry waiting. The matching process knows; others ask it, and if it does not answer soon, say what
 *  the rows tell. */
export function createWhyAsking(needs: WhyAskingNeeds, options: { waitMs: number }) {
  const { clock, soft, wakes, queues, waits, rests, matchmaker } = needs

  async function own(id: EntryId): Promise<WhyText[] | null> {
    const found = await matchmaker.why(id)
    const now = clock.now()
    return (
      found?.flatMap(({ queue: name, why }) => {
        const queue = queues.find(name)
        if (queue === null) return []
        const rest = rests.of(queue.mode, now)
        return rest === null ? whyText(queue, why) : noServerText(queue, rest, why.playersInWindow)
      }) ?? null
    )
  }

  async function answer(ids: readonly string[]): Promise<void> {
    if (!matchmaker.holds()) return
    for (const id of ids) {
      const text = await own(id as EntryId)
      if (text === null) continue
      await soft.set(keyOf(id), JSON.stringify(text), keptMs)
      wakes.wake(told, [id])
    }
  }

  async function others(id: EntryId, signal?: AbortSignal): Promise<WhyText[] | null> {
    if (options.waitMs === 0) return null
    const answered = wakes.wait(told, id, options.waitMs, signal)
    wakes.wake(asked, [id])
    await answered.over
    const text = await soft.get(keyOf(id)).catch(() => null)
    return text === null ? null : (JSON.parse(text) as WhyText[])
  }

  async function roughly(entry: Entry): Promise<WhyText[]> {
    const news = await waits.read()
    return entry.queues.flatMap((name) => {
      const queue = queues.find(name)
      return queue === null ? [] : roughWhy(queue, entry, news.get(name)?.players ?? 0, clock.now())
    })
  }

  return {
    /** Answers what other processes ask. */
    hear: (): (() => void) => wakes.hear(asked, (ids) => void answer(ids).catch(() => undefined)),
    async of(entry: Entry, signal?: AbortSignal): Promise<WhyText[]> {
      const known = (await own(entry.id)) ?? (matchmaker.holds() ? null : await others(entry.id, signal))
      return known === null || known.length === 0 ? roughly(entry) : known
    },
  }
}

export type WhyAsking = ReturnType<typeof createWhyAsking>
