import { gameContracts, matchServerContracts, providerContracts, SessionIdSchema } from '@muster/protocol'
import Type from 'typebox'
import { describe, expect, it } from 'vitest'
import { checkerOf } from './validation.ts'

describe('what is wrong with a body', () => {
  const proof = checkerOf(providerContracts.Proof, 'body')

  it('is told of the nearest of several alternatives alone', () => {
    expect(proof({ token: 'x'.repeat(20_000) })).toEqual([
      { field: 'body.token', problem: 'must have at most 16384 characters' },
    ])
    expect(proof({ code: 'c', code_verifier: 'v'.repeat(43) })).toEqual([
      { field: 'body.redirect_uri', problem: 'is missing' },
    ])
    expect(proof({ token: 't', more: 1 })).toEqual([{ field: 'body.more', problem: 'is not a field this call takes' }])
    expect(proof({ token: 't' })).toEqual([])
  })

  it('is what the alternatives ask for, where nothing of any is there', () => {
    const asked = { field: 'body', problem: 'must hold token; or code, code_verifier, redirect_uri' }
    expect(proof({})).toEqual([asked])
    expect(proof({ nonce: 'n' })).toEqual([asked])
    const unknown = { field: 'body.ticket', problem: 'is not a field this call takes' }
    expect(proof({ ticket: 't' }).sort((a, b) => (a.field < b.field ? -1 : 1))).toEqual([asked, unknown])
    expect(proof('token')).toEqual([{ field: 'body', problem: 'must be a JSON object' }])
  })

  it('names the words to choose from, once', () => {
    const change = checkerOf(gameContracts.changeGame.body, 'body')
    for (const door of ['ajar', 7, {}]) {
      expect(change({ door })).toEqual([{ field: 'body.door', problem: 'must be one of open, closed' }])
    }
    const size = Type.Union([Type.Literal(1), Type.Literal(2), Type.Null()])
    const several = checkerOf(Type.Object({ size, shape: Type.Literal('round'), word: Type.String() }), 'body')
    expect(several({ size: 3, shape: 'square', word: 1 })).toEqual([
      { field: 'body.size', problem: 'must be one of 1, 2' },
      { field: 'body.shape', problem: 'must be round' },
      { field: 'body.word', problem: 'must be string' },
    ])
  })

  it('is told in a sentence', () => {
    expect(checkerOf(SessionIdSchema, 'data')('x')).toEqual([
      { field: 'data', problem: "must be: a session's id, `session_…`" },
    ])
    const message = checkerOf(matchServerContracts.exchangeMessages.body, 'body')
    expect(message({ type: 'AcceptMatch', matchId: 'x' })).toEqual([
      { field: 'body.matchId', problem: "must be: a match's id, `match_…`" },
    ])
  })
})
