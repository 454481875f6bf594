import type { Line } from './line.ts'
import { playersMax, teamSizeMax } from './rules.ts'
import type { Shape } from './shapes.ts'

/** Up to this many entries in two teams, all ways to part them are tried: 2,048 at most. */
const triedMax = 12
const roundsMax = 16
const feltPoints = 1e-6

/** Puts the entries of a match into teams so that the means of the teams lie close together. */
export class Balance {
  private readonly team = new Uint8Array(playersMax)
  private readonly size = new Uint8Array(playersMax)
  /** Rating times players: the sums of teams of one size compare as their means do. */
  private readonly weight = new Float64Array(playersMax)
  private readonly sums = new Float64Array(playersMax)
  private readonly room = new Uint8Array(playersMax * (teamSizeMax + 1))
  private readonly both = new Uint8Array(playersMax)
  private readonly sumOf = new Float64Array(1 << (triedMax - 1))
  private readonly playersOf = new Uint8Array(1 << (triedMax - 1))

  /** The team of each entry; good until the next split. */
  split(line: Line, places: Int32Array, count: number, shape: Shape): Uint8Array {
    const teams = shape.teams.length
    for (let i = 0; i < count; i++) {
      this.size[i] = line.size[places[i]!]!
      this.weight[i] = line.rating[places[i]!]! * this.size[i]!
    }
    if (teams === 2 && count <= triedMax) {
      for (let i = 0; i < count; i++) this.both[i] = i
      this.partAnew(count, 0, 1, Number.POSITIVE_INFINITY)
      return this.team
    }
    this.dealOut(count, shape)
    if (teams === count) return this.team
    for (let round = 0; round < roundsMax; round++) {
      let isBetter = false
      for (let a = 0; a < teams; a++) {
        for (let b = a + 1; b < teams; b++) if (this.bringCloser(count, a, b)) isBetter = true
      }
      if (!isBetter || teams === 2) break
    }
    return this.team
  }

  /** Largest parties first and, within a size, strongest first: each to the weakest team that has room for its size. */
  private dealOut(count: number, shape: Shape): void {
    const { team, size, weight, sums, room } = this
    const teams = shape.teams.length
    sums.fill(0, 0, teams)
    const width = teamSizeMax + 1
    for (let t = 0; t < teams; t++) room.set(shape.teams[t]!, t * width)
    const inOrder = Array.from({ length: count }, (_, i) => i)
    inOrder.sort((i, j) => size[j]! - size[i]! || weight[j]! - weight[i]! || i - j)
    for (const i of inOrder) {
      let to = -1
      for (let t = 0; t < teams; t++) {
        if (room[t * width + size[i]!]! > 0 && (to < 0 || sums[t]! < sums[to]!)) to = t
      }
      room[to * width + size[i]!]!--
      team[i] = to
      sums[to]! += weight[i]!
    }
  }

  private bringCloser(count: number, a: number, b: number): boolean {
    const apart = Math.abs(this.sums[a]! - this.sums[b]!) - feltPoints
    if (apart < 0) return false
    let members = 0
    for (let i = 0; i < count; i++) if (this.team[i] === a || this.team[i] === b) this.both[members++] = i
    return members <= triedMax ? this.partAnew(members, a, b, apart) : this.swapWhileBetter(members, a, b)
  }

  /**
   * The best way to part the members of two teams, if it brings them closer than `apart`:
   * the subset with the first of them in it whose sum is nearest to half.
   */
  private partAnew(members: number, a: number, b: number, apart: number): boolean {
    const { both, team, size, weight, sums, sumOf, playersOf } = this
    let whole = 0
    let players = 0
    for (let m = 0; m < members; m++) {
      whole += weight[both[m]!]!
      players += size[both[m]!]!
    }
    sumOf[0] = weight[both[0]!]!
    playersOf[0] = size[both[0]!]!
    let best = -1
    let bestApart = apart
    const subsets = 1 << (members - 1)
    for (let subset = 0; subset < subsets; subset++) {
      if (subset > 0) {
        const others = subset & (subset - 1)
        const added = both[32 - Math.clz32(subset ^ others)]!
        sumOf[subset] = sumOf[others]! + weight[added]!
        playersOf[subset] = playersOf[others]! + size[added]!
      }
      if (playersOf[subset]! * 2 !== players) continue
      const off = Math.abs(2 * sumOf[subset]! - whole)
      if (off < bestApart) {
        bestApart = off
        best = subset
      }
    }
    if (best < 0) return false
    team[both[0]!] = a
    for (let m = 1; m < members; m++) team[both[m]!] = (best >> (m - 1)) & 1 ? a : b
    sums[a] = sumOf[best]!
    sums[b] = whole - sumOf[best]!
    return true
  }

  /** For teams of many: swaps two entries of one size as long as that brings the teams closer. */
  private swapWhileBetter(members: number, a: number, b: number): boolean {
    const { both, team, size, weight, sums } = this
    let isBetter = false
    for (let m = 0; m < members; m++) {
      for (let n = m + 1; n < members; n++) {
        const i = both[m]!
        const j = both[n]!
        if (team[i] === team[j] || size[i] !== size[j]) continue
        const moved = team[i] === a ? weight[i]! - weight[j]! : weight[j]! - weight[i]!
        const apart = sums[a]! - sums[b]!
        if (Math.abs(apart - 2 * moved) >= Math.abs(apart) - feltPoints) continue
        sums[a]! -= moved
        sums[b]! += moved
        ;[team[i], team[j]] = [team[j]!, team[i]!]
        isBetter = true
      }
    }
    return isBetter
  }
}
