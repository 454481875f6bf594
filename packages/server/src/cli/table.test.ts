import { styleText } from 'node:util'
import { expect, it } from 'vitest'
import { tableOf } from './table.ts'

it('lines columns up, numbers to the right, whatever their colours', () => {
  const red = styleText('red', '−12', { validateStream: false })
  expect(
    tableOf(
      ['name', 'moved'],
      [
        ['Ada', '+7'],
        ['Chiara', red],
      ],
    ),
  ).toBe(['name    moved', 'Ada        +7', `Chiara    ${red}`, ''].join('\n'))
})

it('leaves nothing at the end of a line', () => {
  expect(tableOf(['a', 'b'], [['x', '']])).toBe('a  b\nx\n')
})
