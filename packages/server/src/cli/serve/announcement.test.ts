import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { showFirstOperator } from './announcement.ts'

const operator = { username: 'operator', password: 'canary-"password"' }
const at = Date.UTC(2026, 0, 1)
function shown(asLines: boolean, who: typeof operator | null = operator) {
  const to = new PassThrough()
  showFirstOperator(who, to, asLines ? null : { at })
  return String(to.read() ?? '')
}

it('tells the first operator’s password to who sits at a terminal, in lines for people', () => {
  expect(shown(true)).toContain(`    password  ${operator.password}\n`)
})

it('tells it in one line of JSON where lines of a log are gathered', () => {
  const text = shown(false)
  expect(text.split('\n')).toHaveLength(2)
  expect(JSON.parse(text)).toEqual({
    level: 30,
    at: '2026-01-01T00:00:00.000Z',
    ...operator,
    msg: 'the first operator may sign in now (POST /auth/login); the password is shown this once and kept nowhere',
  })
})

it('tells nothing where there is nobody new', () => {
  expect([shown(true, null), shown(false, null)]).toEqual(['', ''])
})
