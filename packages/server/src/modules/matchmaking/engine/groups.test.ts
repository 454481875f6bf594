import { describe, expect, test } from 'vitest'
import { MatchIndex } from './match-index.ts'
import type { Match, QueueRules } from './rules.ts'

const nowMs = 1_000_000_000
const wide = { initial: 100, perSecond: 10, max: 400 }

type Party = [id: string, rating: number, size?: number, waitS?: number]

function passOver(rules: QueueRules, parties: Party[]): { matches: Match[]; index: MatchIndex } {
  const index = new MatchIndex(rules)
  for (const [id, rating, size = 1, waitS = 0] of parties) {
    index.add({ id, rating, size, sinceMs: nowMs - waitS * 1000, front: false })
  }
  return { matches: [...index.pass(nowMs)], index }
}

const membersOf = (match: Match): string[] => match.teams.flat().sort()

describe('teams of parties', () => {
  const trios = { teams: 2, teamSize: 3, window: wide }

  test('parties stay together and fill the teams exactly', () => {
    const { matches } = passOver(trios, [
      ['duo', 1500, 2],
      ['trio', 1510, 3],
      ['solo', 1520, 1],
    ])
    expect(matches).toHaveLength(1)
    const teams = matches[0]!.teams.map((team) => team.toSorted().join()).sort()
    expect(teams).toEqual(['duo,solo', 'trio'])
  })

  test('parties that do not add up wait on', () => {
    const { matches, index } = passOver(trios, [
      ['a', 1500, 2],
      ['b', 1500, 2],
      ['c', 1500, 2],
    ])
    expect(matches).toEqual([])
    expect(index.players).toBe(6)
  })

  test('the tightest group is taken, and one too many left out', () => {
    const { matches, index } = passOver({ teams: 2, teamSize: 2, window: wide }, [
      ['far', 1400],
      ['a', 1490],
      ['b', 1495],
      ['c', 1500],
      ['d', 1505],
    ])
    expect(matches.map(membersOf)).toEqual([['a', 'b', 'c', 'd']])
    expect(index.has('far')).toBe(true)
  })

  test('a narrow window keeps its owner out, and does not stop the others', () => {
    const narrowUntilLater = { initial: 10, perSecond: 10, max: 400 }
    const { matches, index } = passOver({ teams: 2, teamSize: 2, window: narrowUntilLater }, [
      ['a', 1400, 1, 30],
      ['fresh', 1450, 1, 0],
      ['b', 1460, 1, 30],
      ['c', 1480, 1, 30],
      ['d', 1500, 1, 30],
    ])
    expect(matches.map(membersOf)).toEqual([['a', 'b', 'c', 'd']])
    expect(index.has('fresh')).toBe(true)
  })

  test('when both would do, the one who waited longer is taken', () => {
    const { index } = passOver({ teams: 2, teamSize: 2, window: wide, overdueS: 10 }, [
      ['a', 1500, 1, 5],
      ['young', 1501, 1, 0],
      ['old', 1520, 1, 40],
      ['b', 1502, 1, 5],
      ['c', 1503, 1, 5],
    ])
    expect(index.has('old')).toBe(false)
    expect(index.size).toBe(1)
  })

  test('a crowd of one size does not hide the one that completes a match', () => {
    const crowd = Array.from({ length: 500 }, (_, i): Party => [`trio${i}`, 1500 + i / 100, 3])
    const singles = Array.from({ length: 4 }, (_, i): Party => [`solo${i}`, 1506, 1])
    const { matches } = passOver({ teams: 2, teamSize: 5, window: wide }, [...crowd, ...singles])
    expect(matches).toHaveLength(1)
  })

  test('co-operative queues have one team', () => {
    const { matches } = passOver({ teams: 1, teamSize: 4, window: wide }, [
      ['duo', 1500, 2],
      ['a', 1500],
      ['b', 1500],
    ])
    expect(matches[0]!.teams.map((team) => team.toSorted())).toEqual([['a', 'b', 'duo']])
    expect(matches[0]!.imbalance).toBe(0)
  })
})

describe('free-for-all', () => {
  const brawl = { teams: 4, teamSize: 1, minTeams: 3, fewerAfterS: 20, window: wide }
  const three: Party[] = [
    ['a', 1500],
    ['b', 1510],
    ['c', 1520],
  ]

  test('neighbours in rating play together, each a team', () => {
    const parties = Array.from({ length: 12 }, (_, i): Party => [`${i}`, 1000 + i * 20])
    const { matches } = passOver(brawl, parties)
    expect(matches.map(({ teams, gap }) => [teams.length, gap])).toEqual([
      [4, 60],
      [4, 60],
      [4, 60],
    ])
  })

  test('an incomplete match starts only after one of its players has waited long enough', () => {
    expect(passOver(brawl, three).matches).toEqual([])
    const ripe = passOver(brawl, [...three.slice(0, 2), ['c', 1520, 1, 20]])
    expect(ripe.matches.map(membersOf)).toEqual([['a', 'b', 'c']])
  })

  test('two are still too few', () => {
    expect(passOver(brawl, [three[0]!, ['b', 1510, 1, 100]]).matches).toEqual([])
  })
})
