import Value from 'typebox/value'
import { describe, expect, it } from 'vitest'
import { type QueueOptions, queueOptions } from './config.ts'
import type { WaitingReason, Why } from './engine/index.ts'
import { readQueues } from './queues.ts'
import { noServerText, whyText } from './why-text.ts'

const queueOf = (board: string | null) => {
  const options = Value.Default(queueOptions, { mode: 'duel', board }) as QueueOptions
  const [queue] = readQueues({ duel: options }).all
  if (queue === undefined) throw new Error('There is no queue.')
  return queue
}
const why = (reason: WaitingReason): Why => ({
  ...{ reason, waitedMs: 0, window: { low: 1_400, high: 1_600 }, nextWidensAtMs: null, nextWindow: null },
  ...{ playersInWindow: 0, playersSuiting: 0, playersNeeded: 1 },
})

describe('what a waiting player is told', () => {
  it('is about ratings only where there are any', () => {
    for (const reason of ['no_rating_near', 'others_too_narrow'] as const) {
      expect(whyText(queueOf('duel'), why(reason)).reason).toBe(reason.toUpperCase())
      const unrated = whyText(queueOf(null), why(reason))
      expect(unrated).toMatchObject({ reason: 'ABOUT_TO_MATCH', window: null })
      expect(unrated.detail).not.toMatch(/rating|window/)
    }
    expect(whyText(queueOf(null), why('too_few_players')).reason).toBe('TOO_FEW_PLAYERS')
  })

  it('is what failed, while a mode rests', () => {
    const rest = { until: 1_000, cause: 'server_failed', says: 'The game server ended before it was ready.' }
    expect(noServerText(queueOf('duel'), rest, 1)).toMatchObject({
      ...{ reason: 'SERVER_FAILED', widens_at: '1970-01-01T00:00:01.000Z', window: null },
      detail: expect.stringContaining('The game server ended before it was ready.'),
    })
  })
})
