import type { Line } from './line.ts'
import { playersMax, teamSizeMax } from './rules.ts'
import type { Shape } from './shapes.ts'

/** Up to this many entries all ways to make two teams are tried: 2,048 at most. */
const triedMax = 12
const swapRoundsMax = 16

/** Puts the entries of a match into teams so that the means of the teams lie close together. */
export class Balance {
  private readonly team = new Uint8Array(playersMax)
  private readonly weight = new Float64Array(playersMax)
  private readonly sums = new Float64Array(playersMax)
  private readonly sumOf = new Float64Array(1 << (triedMax - 1))
  private readonly playersOf = new Uint8Array(1 << (triedMax - 1))
  private readonly room = new Uint8Array(playersMax * (teamSizeMax + 1))

  /** The team of each entry; good until the next split. */
  split(line: Line, places: Int32Array, count: number, shape: Shape): Uint8Array {
    for (let i = 0; i < count; i++) this.weight[i] = line.rating[places[i]!]! * line.size[places[i]!]!
    if (shape.teams.length === 2 && count <= triedMax) this.tryAll(line, places, count, shape)
    else {
      this.dealOut(line, places, count, shape)
      this.swapWhileBetter(line, places, count, shape.teams.length)
    }
    return this.team
  }

  /** Two teams: the subset with the first entry in it whose sum is nearest to half. */
  private tryAll(line: Line, places: Int32Array, count: number, shape: Shape): void {
    const { weight, sumOf, playersOf, team } = this
    const teamSize = sizeOfTeam(shape)
    let whole = 0
    for (let i = 0; i < count; i++) whole += weight[i]!
    sumOf[0] = weight[0]!
    playersOf[0] = line.size[places[0]!]!
    let best = 0
    let bestOff = playersOf[0] === teamSize ? Math.abs(2 * sumOf[0]! - whole) : Number.POSITIVE_INFINITY
    const subsets = 1 << (count - 1)
    for (let subset = 1; subset < subsets; subset++) {
      const others = subset & (subset - 1)
      const added = 32 - Math.clz32(subset ^ others)
      sumOf[subset] = sumOf[others]! + weight[added]!
      playersOf[subset] = playersOf[others]! + line.size[places[added]!]!
      if (playersOf[subset] !== teamSize) continue
      const off = Math.abs(2 * sumOf[subset]! - whole)
      if (off < bestOff) {
        bestOff = off
        best = subset
      }
    }
    team[0] = 0
    for (let i = 1; i < count; i++) team[i] = (best >> (i - 1)) & 1 ? 0 : 1
  }

  /** Largest parties first and, within a size, strongest first: each to the weakest team that has room for its size. */
  private dealOut(line: Line, places: Int32Array, count: number, shape: Shape): void {
    const { team, weight, sums, room } = this
    const teams = shape.teams.length
    sums.fill(0, 0, teams)
    const width = teamSizeMax + 1
    for (let t = 0; t < teams; t++) room.set(shape.teams[t]!, t * width)
    const inOrder = Array.from({ length: count }, (_, i) => i)
    inOrder.sort((a, b) => line.size[places[b]!]! - line.size[places[a]!]! || weight[b]! - weight[a]! || a - b)
    for (const i of inOrder) {
      const size = line.size[places[i]!]!
      let to = -1
      for (let t = 0; t < teams; t++) {
        if (room[t * width + size]! > 0 && (to < 0 || sums[t]! < sums[to]!)) to = t
      }
      room[to * width + size]!--
      team[i] = to
      sums[to]! += weight[i]!
    }
  }

  /** Swaps two entries of one size as long as that brings two teams closer together. */
  private swapWhileBetter(line: Line, places: Int32Array, count: number, teams: number): void {
    const { team, weight, sums } = this
    if (teams === count) return
    for (let round = 0; round < swapRoundsMax; round++) {
      let isBetter = false
      for (let i = 0; i < count; i++) {
        for (let j = i + 1; j < count; j++) {
          const a = team[i]!
          const b = team[j]!
          if (a === b || line.size[places[i]!] !== line.size[places[j]!]) continue
          const moved = weight[i]! - weight[j]!
          const apart = sums[a]! - sums[b]!
          if (Math.abs(apart - 2 * moved) >= Math.abs(apart) - 1e-9) continue
          sums[a]! -= moved
          sums[b]! += moved
          team[i] = b
          team[j] = a
          isBetter = true
        }
      }
      if (!isBetter) return
    }
  }
}

function sizeOfTeam(shape: Shape): number {
  const first = shape.teams[0]!
  let players = 0
  for (let size = 1; size < first.length; size++) players += size * first[size]!
  return players
}
