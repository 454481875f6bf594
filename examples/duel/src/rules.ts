/** The duel: two players on a row of seven cells. Each turn both, unseen by the other, move by at most one cell and fire
 *  at a cell. Then both see where the other now stands. A shot hits who stands on its cell; three hits win. Who aims at
 *  cells that the other can reach, and does not stand still, wins. Pure: the server and the tests run the same rules. */
export const cells = 7
export const hitsToWin = 3
export const turnsMax = 60

export interface Move {
  /** −1, 0 or 1; the wall stops it. */
  step: number
  /** The cell that is fired at, 0 to 6. */
  fire: number
}

export interface Fighter {
  cell: number
  hits: number
}

export interface Duel {
  turn: number
  fighters: readonly [Fighter, Fighter]
}

export const begin = (): Duel => ({
  turn: 0,
  fighters: [
    { cell: 1, hits: 0 },
    { cell: cells - 2, hits: 0 },
  ],
})

/** Stands still and fires at nothing: what silence counts as. */
export const idle: Move = { step: 0, fire: -1 }

/** A move from the wire, or null where it is none. */
export function readMove(given: unknown): Move | null {
  const { step, fire } = (given ?? {}) as Partial<Move>
  if (step !== -1 && step !== 0 && step !== 1) return null
  if (typeof fire !== 'number' || !Number.isInteger(fire) || fire < 0 || fire >= cells) return null
  return { step, fire }
}

const walk = (cell: number, step: number) => Math.min(cells - 1, Math.max(0, cell + step))

/** Both moves at once: first all walk, then all shots land. */
export function play(duel: Duel, moves: readonly [Move, Move]): Duel {
  const [a, b] = duel.fighters
  const cellA = walk(a.cell, moves[0].step)
  const cellB = walk(b.cell, moves[1].step)
  return {
    turn: duel.turn + 1,
    fighters: [
      { cell: cellA, hits: a.hits + (moves[0].fire === cellB ? 1 : 0) },
      { cell: cellB, hits: b.hits + (moves[1].fire === cellA ? 1 : 0) },
    ],
  }
}

export const isOver = ({ turn, fighters }: Duel): boolean =>
  turn >= turnsMax || fighters.some(({ hits }) => hits >= hitsToWin)

/** Places: 1 for the winner, 2 for the loser, both 1 for a draw. */
export function ranksOf({ fighters: [a, b] }: Duel): [number, number] {
  if (a.hits === b.hits) return [1, 1]
  return a.hits > b.hits ? [1, 2] : [2, 1]
}
