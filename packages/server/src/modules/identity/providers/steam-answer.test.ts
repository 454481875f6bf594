import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { steamVerdict } from './steam-answer.ts'

const params = {
  ...{ result: 'OK', steamid: '76561198000000001', ownersteamid: '76561198000000002' },
  ...{ vacbanned: false, publisherbanned: true },
}
const said = (response: unknown) => JSON.stringify({ response })

describe('an answer about a ticket', () => {
  it('names who it is of, and who owns the copy', () => {
    expect(steamVerdict(200, said({ params }))).toEqual({
      ...{ kind: 'good', steamId: '76561198000000001', ownerSteamId: '76561198000000002' },
      ...{ vacBanned: false, publisherBanned: true },
    })
  })
  it('refuses with any error, also one that comes with a good part', () => {
    for (const errorcode of [3, 100, 101, 102]) {
      expect(steamVerdict(200, said({ error: { errorcode, errordesc: 'x' }, params })).kind).toBe('refused')
    }
    expect(steamVerdict(200, said({ params: { ...params, result: 'Expired' } })).kind).toBe('refused')
  })
  it('is none where it came with another status', () => {
    for (const status of [0, 201, 204, 301, 400, 401, 403, 404, 429, 500, 503]) {
      expect(steamVerdict(status, said({ params })).kind).toBe('unavailable')
    }
  })
  it('lets nobody in with any part of it missing or strange', () => {
    for (const field of Object.keys(params)) {
      for (const value of [undefined, null, 1, '', {}, [], 'x']) {
        expect(steamVerdict(200, said({ params: { ...params, [field]: value } })).kind).not.toBe('good')
      }
    }
    for (const steamid of ['0', '01', '-1', '1e3', ' 1', '1'.repeat(21), "1'"]) {
      expect(steamVerdict(200, said({ params: { ...params, steamid } })).kind).toBe('unavailable')
    }
  })
  it('is judged whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.anything().map((it) => String(JSON.stringify({ response: it }))),
        ),
        (text) => {
          expect(steamVerdict(200, text).kind).not.toBe('good')
        },
      ),
    )
  })
})
