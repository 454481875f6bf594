import { expect, test } from 'vitest'
import { createPredictions } from './predictions.ts'

type Line = [chances: number[], ranks: number[]]
const summaryOf = (...games: Line[]) => {
  const predictions = createPredictions()
  for (const [chances, ranks] of games) predictions.add(chances, ranks)
  return predictions.summary()
}
const won: Line = [
  [0.8, 0.2],
  [1, 2],
]
const upset: Line = [
  [0.8, 0.2],
  [2, 1],
]
const even: Line = [
  [0.5, 0.5],
  [1, 2],
]
const draw: Line = [
  [0.8, 0.2],
  [1, 1],
]

test('the first fifth is left out', () => {
  expect(summaryOf(won, won, won, won).counted).toBe(4)
  expect(summaryOf(upset, won, won, won, won)).toMatchObject({ counted: 4, accuracy: 1 })
  const many = Array.from({ length: 5000 }, (_, at) => (at < 1000 ? upset : won))
  expect(summaryOf(...many)).toMatchObject({ counted: 4000, accuracy: 1 })
})

test('a right favourite counts one, a wrong one nothing, an even prediction half', () => {
  expect(summaryOf(won, upset, won, even).accuracy).toBe(0.625)
})

test('a draw is left out of the accuracy and is half a win to each in the log-loss', () => {
  const { accuracy, drawn, logLoss } = summaryOf(won, draw)
  expect({ accuracy, drawn }).toEqual({ accuracy: 1, drawn: 1 })
  expect(logLoss).toBeCloseTo((-Math.log(0.8) - (Math.log(0.8) + Math.log(0.2)) / 2) / 2, 12)
})

test('in a field, several favourites share what is right', () => {
  expect(
    summaryOf([
      [0.4, 0.4, 0.2],
      [2, 1, 3],
    ]).accuracy,
  ).toBe(0.5)
  expect(
    summaryOf([
      [0.4, 0.4, 0.2],
      [2, 3, 1],
    ]).accuracy,
  ).toBe(0)
  expect(
    summaryOf([
      [1 / 3, 1 / 3, 1 / 3],
      [2, 3, 1],
    ]),
  ).toMatchObject({ accuracy: 1 / 3, logLossOfGuessing: Math.log(3) })
})

test('a result that was called impossible costs a lot, not everything', () => {
  expect(
    summaryOf([
      [1, 0],
      [2, 1],
    ]).logLoss,
  ).toBeCloseTo(-Math.log(1e-9), 9)
})

test('nothing counted is said as null', () => {
  expect(summaryOf()).toEqual({ counted: 0, drawn: 0, accuracy: null, logLoss: null, logLossOfGuessing: null })
  expect(summaryOf(draw).accuracy).toBe(null)
})
