import { expect, it } from 'vitest'
import { Misuse, readToolOptions } from './tool-options.ts'

const read = (...words: string[]) => readToolOptions({ seeds: '20', bug: undefined }, words)

it('are what was typed, and else what is usual', () => {
  expect(read()?.whole('seeds', 1, 100)).toBe(20)
  expect(read()?.text('bug')).toBeUndefined()
  expect(read('--seeds', '7', '--bug=x')?.whole('seeds', 1, 100)).toBe(7)
  expect(read('--seeds=0.5')?.above0('seeds')).toBe(0.5)
  expect(read('--help')).toBeNull()
})

it.each([['--nosuch', '1'], ['extra'], ['--seeds'], ['--seeds', '-1']])(
  'are refused where nobody knows them: %s %s',
  (...words) => {
    expect(() => read(...words)).toThrow(Misuse)
  },
)

it.each(['0', '101', '1.5', '99999999999999999999', 'many', ''])(
  'are refused beyond whole numbers within bounds: %j',
  (value) => {
    expect(() => read('--seeds', value)?.whole('seeds', 1, 100)).toThrow('--seeds must be a whole number from 1 to 100')
  },
)

it.each(['0', 'many', 'Infinity', ''])('are refused where they are no number above 0: %j', (value) => {
  expect(() => read('--seeds', value)?.above0('seeds')).toThrow('--seeds must be a number above 0')
})
