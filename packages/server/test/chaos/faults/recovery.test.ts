import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Happening, News } from '../world/history.ts'
import { watchRecoveries } from './recovery.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_000 }))
afterEach(() => void vi.useRealTimers())

const at = (time: number, news: News) => ({ at: time, who: 'bot', ...news }) as Happening
const offered = (match: string): News => ({ what: 'offered', player: 'p', match })
const confirmed = (match: string): News => ({ what: 'confirmed', player: 'p', match, session: 's', how: 'poll' })
const call = (ms: number): News => ({ what: 'call', call: 'GET /', outcome: 'ok', status: 200, code: '', ms })

it('counts until a call made afterwards has succeeded and a match found afterwards can be played', () => {
  const watch = watchRecoveries()
  watch.hear(at(900, offered('early')))
  watch.healed('kill', 'node-1')
  watch.hear(at(1_100, call(500)))
  watch.hear(at(1_200, confirmed('early')))
  watch.hear(at(1_300, offered('late')))
  watch.hear(at(1_400, confirmed('late')))
  expect(watch.recoveries).toEqual([{ kind: 'kill', on: 'node-1', ms: null }])
  watch.hear(at(1_500, call(100)))
  watch.hear(at(1_700, confirmed('late')))
  expect(watch.recoveries).toEqual([{ kind: 'kill', on: 'node-1', ms: 700 }])
})
