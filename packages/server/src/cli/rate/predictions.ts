/** A chance of less than this counts as this, so that one impossible result does not make the log-loss infinite. */
const chanceMin = 1e-9
/** Chances this close are the same chance: a sum of doubles must not make a favourite. */
const chanceEpsilon = 1e-12

export interface PredictionSummary {
  /** Games whose predictions are counted: all after the first fifth. */
  readonly counted: number
  /** Those of them without a sole winner. */
  readonly drawn: number
  /** Share of the games with a sole winner in which the favourite won; null if there were none. */
  readonly accuracy: number | null
  /** Mean of -ln of the chance that was given to what happened; null if nothing was counted. */
  readonly logLoss: number | null
  /** The log-loss of who gives every side the same chance: ln 2 where all games are one against one. */
  readonly logLossOfGuessing: number | null
}

/**
 * Keeps how good the predictions made before each game were. The first fifth of the games is left out, in which all are
 * newcomers; where it ends is known only when the last game has been read, so a few bytes are kept of each game.
 *
 * A prediction is right if the favourite alone came first. If several were favourites it is right in part: one half
 * where two had the same chance. Games without a sole winner are left out of the accuracy, since no favourite could be
 * right; in the log-loss they count as a part of a win to each of those who tied for the first place: half and half in a
 * draw of two.
 */
export function createPredictions() {
  const losses = growingFloats()
  const guesses = growingFloats()
  const rights = growingFloats()

  return {
    add(chances: readonly number[], ranks: readonly number[]): void {
      const best = Math.min(...ranks)
      const winners = ranks.flatMap((rank, at) => (rank === best ? [at] : []))
      const lossOf = (at: number) => -Math.log(Math.min(1, Math.max(chanceMin, chances[at]!)))
      losses.push(winners.reduce((sum, at) => sum + lossOf(at), 0) / winners.length)
      guesses.push(Math.log(chances.length))
      const highest = Math.max(...chances) - chanceEpsilon
      const favourites = chances.flatMap((chance, at) => (chance >= highest ? [at] : []))
      rights.push(winners.length > 1 ? Number.NaN : favourites.includes(winners[0]!) ? 1 / favourites.length : 0)
    },

    summary(): PredictionSummary {
      const games = losses.length()
      const from = Math.floor(games / 5)
      const counted = games - from
      const total = { loss: 0, guess: 0, right: 0, drawn: 0 }
      for (let at = from; at < games; at++) {
        total.loss += losses.at(at)
        total.guess += guesses.at(at)
        if (Number.isNaN(rights.at(at))) total.drawn++
        else total.right += rights.at(at)
      }
      const decided = counted - total.drawn
      return {
        counted,
        drawn: total.drawn,
        accuracy: decided === 0 ? null : total.right / decided,
        logLoss: counted === 0 ? null : total.loss / counted,
        logLossOfGuessing: counted === 0 ? null : total.guess / counted,
      }
    },
  }
}

/** A list of numbers at eight bytes each, where an array of objects would take a hundred. */
function growingFloats() {
  let floats = new Float64Array(1024)
  let length = 0
  return {
    push(number: number): void {
      if (length === floats.length) {
        const larger = new Float64Array(2 * length)
        larger.set(floats)
        floats = larger
      }
      floats[length++] = number
    },
    at: (index: number): number => floats[index]!,
    length: () => length,
  }
}
