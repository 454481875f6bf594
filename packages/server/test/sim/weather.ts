import type { Random } from '../../src/platform/random.ts'

/** How hostile the world is right now: the chance of each fault where it may strike. */
export interface Weather {
  /** A process dies at a step. */
  crash: number
  /** A statement or a commit is slow, and by how much at most. */
  slow: number
  slowMsMax: number
  /** The database is not there for a transaction that begins. */
  unavailable: number
  /** A connection is lost between two statements. */
  cut: number
  /** A connection is lost while committing: nothing took effect, or all of it did. */
  lostCommit: number
  lostAnswer: number
  /** A call or its answer is lost, comes twice, comes late. */
  loss: number
  double: number
  late: number
  lateMsMax: number
  /** The soft state does not answer. */
  softFailure: number
  hintLoss: number
}

export const calm: Weather = {
  ...{ crash: 0, slow: 0.02, slowMsMax: 5, unavailable: 0, cut: 0, lostCommit: 0, lostAnswer: 0 },
  ...{ loss: 0, double: 0, late: 0, lateMsMax: 0, softFailure: 0, hintLoss: 0 },
}

/** A weather drawn by chance: some of the faults, each mild or hard. */
export function drawWeather(random: Random): Weather {
  const some = (max: number) => (random.fraction() < 0.5 ? 0 : max * random.fraction() ** 2)
  return {
    crash: some(0.0004),
    slow: 0.02 + some(0.2),
    slowMsMax: 5 + some(8_000),
    unavailable: some(0.15),
    cut: some(0.01),
    lostCommit: some(0.05),
    lostAnswer: some(0.1),
    loss: some(0.2),
    double: some(0.2),
    late: some(0.2),
    lateMsMax: some(20_000),
    softFailure: some(0.5),
    hintLoss: some(0.9),
  }
}
