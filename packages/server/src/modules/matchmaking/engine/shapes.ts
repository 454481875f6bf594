/** How many parties of each size a match takes, and how its teams are made of them. */
export interface Shape {
  /** By size: `counts[3]` parties of three. */
  counts: Uint16Array
  /** For each team, how many parties of each size. */
  teams: Uint8Array[]
}

const stepsMax = 4096
const rememberedMax = 65_536
/** A way to fill a team that serves fewer of a crowd than this is left to the rounds after. */
const worthwhilePart = 1 / 64
const keysMax = 2 ** 52

/** Whether parties can fill teams exactly, and how. What was worked out once is remembered: the same counts come often. */
export class Shapes {
  readonly teams: number
  readonly teamSize: number
  /** By size: more parties of it than this are of no use to one match. */
  readonly useful: Uint16Array
  private readonly fillings: Uint8Array[]
  private readonly remembered = new Map<number, Shape | null>()
  private readonly isKeyed: boolean

  constructor(teams: number, teamSize: number, fillings = waysToFill(teamSize)) {
    this.teams = teams
    this.teamSize = teamSize
    this.fillings = fillings
    this.useful = new Uint16Array(teamSize + 1)
    for (let size = 1; size <= teamSize; size++) this.useful[size] = teams * Math.floor(teamSize / size)
    this.isKeyed = this.useful.reduce((product, most) => product * (most + 1), teamSize + 1) < keysMax
  }

  /** A way to fill all teams from parties of these sizes, one of `including` among them; null when there is none. */
  fit(counts: Uint16Array, including: number): Shape | null {
    if (!this.isKeyed) return this.search(counts, including)
    const key = this.keyOf(counts, including)
    const known = this.remembered.get(key)
    if (known !== undefined) return known
    const shape = this.search(counts, including)
    if (this.remembered.size >= rememberedMax) this.remembered.clear()
    this.remembered.set(key, shape)
    return shape
  }

  /**
   * The same matches, but made only in the ways that use up a large crowd of such parties: each way as often as it goes,
   * those with the largest parties first. Otherwise the single players go wherever they are nearest, and parties of all
   * but one are left without the one.
   */
  thrifty(counts: Uint32Array): Shapes {
    const left = Uint32Array.from(counts)
    const players = counts.reduce((sum, count, size) => sum + count * size, 0)
    const fillings = this.fillings.filter((filling) => {
      let times = Number.POSITIVE_INFINITY
      for (let size = 1; size <= this.teamSize; size++) {
        if (filling[size]! > 0) times = Math.min(times, Math.floor(left[size]! / filling[size]!))
      }
      for (let size = 1; size <= this.teamSize; size++) left[size]! -= times * filling[size]!
      return times * this.teamSize >= players * worthwhilePart
    })
    return new Shapes(this.teams, this.teamSize, fillings)
  }

  private keyOf(counts: Uint16Array, including: number): number {
    let key = including
    for (let size = 1; size <= this.teamSize; size++) {
      const most = this.useful[size]!
      key = key * (most + 1) + Math.min(counts[size]!, most)
    }
    return key
  }

  /** The first team takes the party that must be in; the order of the others does not matter, so it never falls back. */
  private search(counts: Uint16Array, including: number): Shape | null {
    const left = Uint16Array.from(counts)
    const chosen: Uint8Array[] = []
    let steps = 0
    const fillFrom = (first: number): boolean => {
      if (chosen.length === this.teams) return true
      for (let f = first; f < this.fillings.length && steps < stepsMax; f++) {
        const filling = this.fillings[f]!
        if (chosen.length === 0 && filling[including] === 0) continue
        steps++
        if (!take(left, filling)) continue
        chosen.push(filling)
        if (fillFrom(chosen.length === 1 ? 0 : f)) return true
        chosen.pop()
        giveBack(left, filling)
      }
      return false
    }
    return fillFrom(0) ? { counts: counts.map((count, size) => count - left[size]!), teams: chosen } : null
  }
}

function take(left: Uint16Array, filling: Uint8Array): boolean {
  for (let size = 1; size < filling.length; size++) if (left[size]! < filling[size]!) return false
  for (let size = 1; size < filling.length; size++) left[size]! -= filling[size]!
  return true
}

function giveBack(left: Uint16Array, filling: Uint8Array): void {
  for (let size = 1; size < filling.length; size++) left[size]! += filling[size]!
}

/** Every way to make up one team, those with the largest parties first: small ones fit in anywhere later. */
function waysToFill(teamSize: number): Uint8Array[] {
  const ways: Uint8Array[] = []
  const counts = new Uint8Array(teamSize + 1)
  const fill = (room: number, largest: number): void => {
    if (room === 0) {
      ways.push(counts.slice())
      return
    }
    for (let size = Math.min(room, largest); size >= 1; size--) {
      counts[size]!++
      fill(room - size, size)
      counts[size]!--
    }
  }
  fill(teamSize, teamSize)
  return ways
}
