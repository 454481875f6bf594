import type { PlayerId } from '@muster/protocol'
import { describe, expect, it } from 'vitest'
import { createPlayerReports, type PlayersNews } from './player-reports.ts'

const ann: PlayerId = 'player_ann'
const bob: PlayerId = 'player_bob'

/** Reports that the test lets through one by one. */
function slowReports() {
  const news: PlayersNews[] = []
  const pending: { resolve: () => void; reject: (error: Error) => void }[] = []
  const refused: unknown[] = []
  const reports = createPlayerReports(
    (one) =>
      new Promise((resolve, reject) => {
        news.push(one)
        pending.push({ resolve, reject })
      }),
    (error) => refused.push(error),
  )
  return { news, refused, reports, next: () => pending.shift() }
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('comings and goings', () => {
  it('go together while an earlier report is under way', async () => {
    const { news, reports, next } = slowReports()
    reports.came(ann)
    await turn()
    reports.came(bob)
    reports.went(ann)
    await turn()
    expect(news).toMatchObject([{ joined: [ann], left: [] }])
    const told = reports.told()
    next()?.resolve()
    await turn()
    expect(news).toMatchObject([{}, { joined: [bob], left: [ann] }])
    next()?.resolve()
    await told
  })

  it('tell of one who came and went in between that both happened', async () => {
    const { news, reports } = slowReports()
    reports.came(ann)
    reports.went(ann)
    await turn()
    expect(news).toMatchObject([{ joined: [ann], left: [ann] }])
  })

  it('tell of one who went and came back that the player is there', async () => {
    const { news, reports } = slowReports()
    reports.went(ann)
    reports.came(ann)
    await turn()
    expect(news).toMatchObject([{ joined: [ann], left: [] }])
  })

  it('are numbered upwards, also after this process was started anew', async () => {
    const first = slowReports()
    const second = slowReports()
    for (const { reports, next } of [first, second]) {
      for (const player of [ann, bob]) {
        reports.came(player)
        await turn()
        next()?.resolve()
        await turn()
      }
    }
    const seqs = [...first.news, ...second.news].map(({ seq }) => seq)
    expect(seqs[1]).toBeGreaterThan(seqs[0] as number)
    expect(seqs[3]).toBeGreaterThan(seqs[2] as number)
    expect(seqs[2]).toBeGreaterThanOrEqual(seqs[0] as number)
  })

  it('go on after one that was refused', async () => {
    const { news, refused, reports, next } = slowReports()
    reports.came(ann)
    await turn()
    next()?.reject(new Error('no'))
    await turn()
    reports.came(bob)
    await turn()
    expect(refused).toHaveLength(1)
    expect(news).toMatchObject([{ joined: [ann] }, { joined: [bob] }])
  })
})
