import { describe, expect, it } from 'vitest'
import { endedProcess, type FreshFleetStore, key } from '../../../../test/support/fleet-store.ts'
import type { ServerFilter } from '../store.ts'

/** How servers are shown. */
export function listingSuite({ act, register, reserve, start, read, end }: FreshFleetStore): void {
  const list = async (filter: Partial<ServerFilter>) =>
    (await act('list', { labels: {}, gone: false, limit: 10, ...filter })).map((one) => one.id)

  describe('listing', () => {
    it('shows a server with all that it said', async () => {
      const said = {
        ...{ name: 'Arena', address: '10.0.0.9', ports: { game: 7_001, query: 7_002 }, gamePort: 7_001 },
        ...{ capacity: 8, region: 'eu', modes: ['duel', 'ffa'], maps: [3, 1], labels: { tier: 'own', build: '7' } },
      }
      await register('a', said)
      await reserve(1, { slots: 3 })
      await act('beat', 4_000, [{ server: 'a', key, currentPlayers: 2, load: 0.25 }])
      const { gamePort, ...shown } = said
      const row = {
        ...{ id: 'a', ...shown, state: 'ready', launched: false, sessions: 1, reserved: 3, currentPlayers: 2 },
        ...{ load: 0.25, registeredAt: 1_000, lastBeatAt: 4_000, goneCause: null, goneDetail: null, output: null },
      }
      expect(await read('a')).toEqual(row)
      expect(await act('list', { labels: {}, gone: false, limit: 10 })).toEqual([row])
      expect(await read('b')).toBeNull()
    })

    it('shows a launched server, alive and gone, with its last lines', async () => {
      await start('l', { region: 'eu', slots: 6, host: '10.0.0.7' })
      const row = {
        ...{ id: 'l', name: 'duel', address: '10.0.0.7', ports: { game: 7_000 }, capacity: 6, region: 'eu' },
        ...{ modes: ['duel'], maps: [], labels: {}, state: 'starting', launched: true, sessions: 1, reserved: 6 },
        ...{ currentPlayers: 0, load: 0, registeredAt: 1_000, lastBeatAt: 1_000, goneCause: null, goneDetail: null },
        output: null,
      }
      expect(await read('l', false)).toEqual(row)
      await end(['l'], { cause: 'exited', detail: 'It ended with exit code 0.' })
      await act('endProcess', endedProcess('l'))
      expect(await read('l')).toEqual({
        ...{ ...row, state: 'gone', reserved: 0, sessions: 0, lastBeatAt: 5_000, output: ['bye'] },
        ...{ goneCause: 'exited', goneDetail: 'It ended with exit code 0.' },
      })
    })

    it('lists by filter, page by page', async () => {
      await register('b', { modes: [], maps: [1, 2], labels: { build: '7' } })
      await register('c', { region: 'eu', modes: ['duel', 'ffa'] })
      await register('a', { region: 'eu', labels: { build: '7', tier: 'own' } })
      await end(['c'])
      expect(await list({})).toEqual(['a', 'b'])
      expect(await list({ gone: true })).toEqual(['a', 'b', 'c'])
      expect(await list({ limit: 1 })).toEqual(['a'])
      expect(await list({ limit: 1, after: 'a' })).toEqual(['b'])
      expect(await list({ after: 'b' })).toEqual([])
      expect(await list({ map: 2 })).toEqual(['b'])
      expect(await list({ map: 3 })).toEqual([])
      expect(await list({ mode: 'duel' })).toEqual(['a'])
      expect(await list({ mode: 'ffa', gone: true })).toEqual(['c'])
      expect(await list({ region: 'eu' })).toEqual(['a'])
      expect(await list({ labels: { build: '7' } })).toEqual(['a', 'b'])
      expect(await list({ labels: { build: '7', tier: 'own' } })).toEqual(['a'])
      expect(await list({ labels: { build: '8' } })).toEqual([])
      expect(await list({ labels: { toString: 'x' } })).toEqual([])
    })

    it('orders ids by their letters alone', async () => {
      const ids = ['b', 'B', 'a10', 'a9', 'a_', 'a-', 'A']
      for (const id of ids) await register(id)
      expect(await list({})).toEqual(['A', 'B', 'a-', 'a10', 'a9', 'a_', 'b'])
    })
  })
}
